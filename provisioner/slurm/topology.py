"""topology.conf: which switch each node is on, so that a job gets nodes that are near each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.slurm.nodes import Nodes, host_list

_HEAD = "# Written by provision from the plan's enclosures; changes here are overwritten.\n"
SETTINGS = {"TopologyPlugin": "topology/tree"}
# Nodes of the registry of which the plan does not say where they are.
ELSEWHERE = "elsewhere"


def topology(nodes: Nodes, switches: Mapping[str, str], site: Mapping[str, Any]) -> str:
    """The text of topology.conf, '' where all nodes are on one switch, or the site has a topology of its own.

    Slurm gives a job the fewest switches that it can; without a switch above all, one over two of them would never run.

    Args:
        nodes: the registry's records by node name.
        switches: the name of the switch of each node, by its name.
        site: slurm.conf keys of the site.
    """
    if any(str(key).lower() == "topologyplugin" for key in site):
        return ""
    leaves: dict[str, list[str]] = {}
    for name in sorted(nodes):
        leaves.setdefault(switches.get(name, ELSEWHERE), []).append(name)
    if len(leaves) < 2:
        return ""
    top = "top"
    while top in leaves:
        top += "-"
    rows = [f"SwitchName={switch} Nodes={host_list(leaves[switch])}\n" for switch in sorted(leaves)]
    return "".join([_HEAD, *rows, f"SwitchName={top} Switches={','.join(sorted(leaves))}\n"])


def topology_settings(settings: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Our keys of slurm.conf with the one by which Slurm reads this text."""
    return {**settings, **(SETTINGS if text else {})}
