"""`provision reimaged`: announces that blades were reimaged, so that their new host keys are accepted."""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.options import PlanFile
from provisioner.cli.say import say


def reimaged(
    nodes: Annotated[str, typer.Argument(metavar="SET", help="Blades such as BLD-008,BLD-011.")],
    plan: PlanFile = None,
) -> None:
    """Announce that blades were reimaged.

    Their next SSH host key is accepted once; a changed one that was not announced stops a run. Nothing on the
    blades is touched.

    Examples:

      provision reimaged BLD-008 && provision slurm --nodes BLD-008
    """
    from provisioner import knownhosts
    from provisioner.lab.settings import ssh_identity
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.load import load_plan
    from provisioner.plan.select import select_nodes

    site = load_plan(find_plan(plan))
    chosen = select_nodes(site, nodes)
    lab_key, file = ssh_identity(state_dir(site.cluster.name))
    names = [knownhosts.known_name(str(site.blades[name].address), site.ssh.port) for name in chosen]
    knownhosts.forget(file, names)
    for name in chosen:
        if site.blades[name].host_key and lab_key is None:
            say(f"{name}: the plan pins its host key, so only that one is accepted")
        else:
            say(f"{name}: its next host key is accepted once")
