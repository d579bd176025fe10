"""Masks of units: an admin's stays and is told, one of ours ends where the node is to run the unit. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from provisioner.state.kinds import Blade, States, all_things

QUIET = "/../dev/null"
"""What a mask of ours links to: nothing, like every mask, but not in the words of `systemctl mask`. A kill can leave no
mask that nobody knows, since there is no note of it to write."""

_ABSENT = {"load": "not-found", "active": "", "enabled": "", "since": 0.0, "reload_needed": False}


def unit_of(blade: Blade, name: str) -> Mapping[str, Any]:
    """What the facts say of a unit; one that nobody asked about proves nothing."""
    found: Mapping[str, Any] = blade["units"].get(name, _ABSENT)
    return found


def is_masked(blade: Blade, name: str) -> bool:
    """Whether a unit is masked by somebody else than a run of ours."""
    unit = unit_of(blade, name)
    masked = unit["load"] == "masked" or str(unit["enabled"]).startswith("masked")
    return masked and not unit.get("quiet", False)


def is_for_good(blade: Blade, name: str) -> bool:
    """Whether somebody else has masked a unit, and not only until the next boot."""
    return unit_of(blade, name)["enabled"] == "masked" and is_masked(blade, name)


def keeps_away(blade: Blade, name: str, options: Mapping[str, Any]) -> bool:
    """Whether an admin's mask leaves nothing to do about a unit: its own, or that of a stopped one that it needs."""
    if options.get("masked"):
        return False
    stopped = [need for need in options.get("needs", ()) if unit_of(blade, need)["active"] != "active"]
    return any(is_masked(blade, each) for each in (name, *stopped))


def masks(states: States, blade: Blade, node: str, roles: Collection[str] | None = None) -> list[str]:
    """`what is left; next: what ends it` for each unit that a role keeps and an admin has masked.

    Args:
        node: how the command line names the node.
        roles: only what these keep; by default all.
    """
    found = []
    for role, name, options in all_things(states, "units", str(blade["os"]["version_id"])):
        left_alone = "only_if" in options and not blade[options["only_if"]]
        if roles is not None and role not in roles:
            continue
        if options.get("masked") or left_alone or not is_masked(blade, name):
            continue
        unit = unit_of(blade, name)
        state = "runs until it is stopped" if unit["active"] == "active" else "does not run"
        runtime = "--runtime " if unit["enabled"] == "masked-runtime" else ""
        found.append(
            f"an admin masked {name}, so it is left so and {state}; next: `systemctl unmask {runtime}{name}` on it, "
            f"then `provision slurm --nodes {node}`"
        )
    return found
