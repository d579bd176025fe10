"""Login nodes in slurm.conf: only where slurmctld needs to be told of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.slurm.change import Release, release_of
from provisioner.slurm.nodes import Line, Nodes

# 22.05.7 to .8 take no address for an srun on a machine that slurm.conf does not name (Slurm's bug 16401), and tell it
# neither of a time limit nor of a failed node.
_KNOWS_STRANGERS: Release = (23, 2)


def login_lines(logins: Mapping[str, str], nodes: Nodes, version: str) -> list[Line]:
    """Lines that name login nodes: with State=FUTURE no command shows them, no job gets them, nobody calls them.

    Args:
        logins: the address of each by its name.
        nodes: the registry's records by node name; one that has a line there already needs no second one.
        version: the controller's Slurm version.
    """
    if release_of(version) >= _KNOWS_STRANGERS:
        return []
    return [
        {"NodeName": name, "NodeAddr": address, "State": "FUTURE"}
        for name, address in sorted(logins.items())
        if name not in nodes
    ]
