"""What a plan does not want any more, and a node still has: a run leaves it, and says how a person ends it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from provisioner.state.masks import unit_of

UNITS = {
    "slurmrestd": ("slurmrestd-proxy.service", "slurmrestd-renew.path", "slurmrestd.service"),
    "firewall": ("provision-firewall.service",),
}
"""By role what it runs; of the first of each the node is asked, which nobody else has."""


def left_over_notes(roles: Collection[str], blade: Mapping[str, Any]) -> list[str]:
    """A sentence for each service that goes on although the node has its role no more.

    Args:
        roles: the roles of the node.
        blade: its facts.
    """
    return [
        f"the plan has no {role} here any more, and {units[0]} goes on; next: `systemctl disable --now "
        f"{' '.join(units)}` on it"
        for role, units in UNITS.items()
        if role not in roles and _goes_on(unit_of(blade, units[0]))
    ]


def _goes_on(unit: Mapping[str, Any]) -> bool:
    return bool(unit["active"] == "active" or unit["enabled"] == "enabled")
