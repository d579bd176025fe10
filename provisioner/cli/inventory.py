"""`provision inventory`: the plan in Ansible's dynamic inventory protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.options import PlanFile
from provisioner.cli.say import answer, say


def inventory(
    plan: PlanFile = None,
    list_all: Annotated[bool, typer.Option("--list", help="All groups and hosts, as Ansible asks.")] = False,
    host: Annotated[str | None, typer.Option("--host", help="The variables of one blade.")] = None,
    graph: Annotated[bool, typer.Option("--graph", help="The groups as a tree, for a person.")] = False,
) -> None:
    """Print the plan as an Ansible inventory.

    A plan.yml whose first line is `#!/usr/bin/env -S provision inventory --plan` and that is executable is
    an inventory by itself.

    Examples:

      provision inventory --graph

      ansible-inventory -i inventories/asgard/ --list
    """
    from provisioner.accounts.load import accounts_beside
    from provisioner.announced import announced_file, read_announced
    from provisioner.errors import UsageError
    from provisioner.hostca import read_ca
    from provisioner.inventory import GROUPS, host_variables
    from provisioner.inventory import inventory as build
    from provisioner.names import host_name
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.derive import spelling
    from provisioner.plan.load import load_plan
    from provisioner.ssh_identity import ssh_identity

    if sum((list_all, host is not None, graph)) != 1:
        raise UsageError("inventory wants one of --list, --host NAME and --graph", "provision inventory --graph")
    plan_file = find_plan(plan)
    site = load_plan(plan_file)
    state = state_dir(site.cluster.name)
    if host is not None:
        name = spelling(site).get(host_name(host))
        if name is None:
            raise UsageError(f"the plan has no blade {host}", "provision inventory --graph lists them")
        identity, told = ssh_identity(state), read_announced(announced_file(state))
        answer(host_variables(site, name, *identity, told.get(name, "")))
        return
    told = read_announced(announced_file(state))
    host_ca = read_ca(state) if site.host_ca else None
    listed = build(site, *ssh_identity(state), told, accounts_beside(plan_file), host_ca)
    if list_all:
        answer(listed)
        return
    for group in listed["all"]["children"]:
        say(f"{group}" + (f"  # {GROUPS[group]}" if group in GROUPS else ""))
        for member in listed[group]["hosts"]:
            say(f"  {member}")
