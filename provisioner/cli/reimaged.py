"""`provision reimaged`: announces blades as new or reimaged: new host keys, and empty disks that may be taken."""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.options import PlanFile
from provisioner.cli.say import say


def reimaged(
    nodes: Annotated[str, typer.Argument(metavar="SET", help="Blades such as BLD-008,BLD-011.")],
    plan: PlanFile = None,
) -> None:
    """Announce blades as new or reimaged.

    Their next SSH host key is accepted once; a changed one that was not announced stops a run. And the next run
    may make scratch from empty disks that the plan only knows by their size. Nothing on the blades is touched.

    Examples:

      provision reimaged BLD-008 && provision slurm --nodes BLD-008
    """
    from provisioner import knownhosts
    from provisioner.announced import announce, announced_file
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.load import load_plan
    from provisioner.plan.select import select_nodes
    from provisioner.plan.way import way_to
    from provisioner.ssh_identity import ssh_identity

    site = load_plan(find_plan(plan))
    chosen = select_nodes(site, nodes)
    state = state_dir(site.cluster.name)
    lab_key, file = ssh_identity(state)
    names = [way_to(site, name, lab=lab_key is not None).known_name for name in chosen]
    knownhosts.forget(file, names)
    announce(announced_file(state), chosen)
    for name in chosen:
        if site.blades[name].host_key and lab_key is None:
            key = "the plan pins its host key, so only that one is accepted"
        else:
            key = "its next host key is accepted once"
        say(f"{name}: {key}, and empty disks of the plan's size may become scratch")
