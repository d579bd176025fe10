"""What the facts of a blade say about its units and accounts, in the words that the roles ask. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Blade = Mapping[str, Any]


def unit_stale(blade: Blade, unit: str, reads: Iterable[str] = ()) -> bool:
    """Whether a daemon runs for longer than what it reads at its start is there, so that it holds older content.

    A run that was killed between writing and restarting leaves it so.

    Args:
        unit: name without `.service`.
        reads: paths, or names of secrets, that `blade_facts` was asked about.
    """
    state = blade["units"][unit]
    return bool(state["reload_needed"]) or any(blade["written"][name] > state["since"] for name in reads)


def unit_right(blade: Blade, unit: str, reads: Iterable[str] = ()) -> bool:
    """Whether a daemon runs, comes back after a reboot, and is not `unit_stale`."""
    state = blade["units"][unit]
    return state["active"] == "active" and state["enabled"] == "enabled" and not unit_stale(blade, unit, reads)


def missing_accounts(blade: Blade, names: Iterable[str]) -> list[str]:
    """Those of the accounts that the blade does not have."""
    return [name for name in names if blade["users"].get(name) is None]
