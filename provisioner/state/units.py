"""systemd units: whether they run as their role keeps them, and what is done where they do not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.state.kinds import Blade
from provisioner.state.masks import keeps_away, unit_of

MASKED = " -> masked"
"""How the line of a unit ends that is to be masked."""


def unit_difference(blade: Blade, name: str, options: Mapping[str, Any], put: Collection[str] = ()) -> str:
    """`stopped -> running`, `disabled -> enabled`, `restart: ...`; '' for a unit that is as it should be.

    Args:
        blade: the facts of the node.
        name: with its suffix, such as `slurmd.service`.
        options: what the role says of it.
        put: paths that are put in place before it.
    """
    if is_left_alone(blade, options) or keeps_away(blade, name, options):
        return ""
    unit = unit_of(blade, name)
    if options.get("masked", False):
        # A mask keeps it from starting; it does not stop it.
        return "" if unit["enabled"] == "masked" and unit["active"] != "active" else f"{_state(unit)}{MASKED}"
    if unit["load"] in ("not-found", "masked"):
        return f"{'masked' if unit['load'] == 'masked' else 'absent'} -> running, enabled"
    parts = [] if unit["active"] == "active" else [f"{_state(unit)} -> running"]
    if reason := restart_reason(blade, name, options, put):
        parts.append(f"restart: {reason}")
    if unit["reload_needed"] and options.get("own"):
        parts.append("changed unit -> read anew")
    if unit["enabled"] != "enabled":
        parts.append(f"{their_words(unit['enabled']) or 'disabled'} -> enabled")
    return ", ".join(parts)


def restart_reason(blade: Blade, name: str, options: Mapping[str, Any], put: Collection[str] = ()) -> str:
    """Why a unit that runs has to be restarted, '' when it has not.

    A run that was killed between writing and restarting leaves a daemon that is older than what it read.
    """
    unit = unit_of(blade, name)
    if unit["active"] != "active":
        return ""
    reads = [str(path) for path in options.get("reads", ())]
    if news := [path for path in [*reads, *options.get("holds", ())] if path in put]:
        return f"it uses {', '.join(news)}"
    if older := [path for path in reads if blade["written"].get(path, 0) > unit["since"]]:
        return f"it runs for longer than {', '.join(older)} is there"
    if unit["reload_needed"] and not options.get("own"):
        return "its unit was changed"
    if outdated := options.get("outdated"):
        return f"it holds what is not so any more: {outdated if isinstance(outdated, str) else ', '.join(outdated)}"
    return ""


def is_left_alone(blade: Blade, options: Mapping[str, Any]) -> bool:
    """Whether the node cannot have the unit, such as a time daemon in a container that shares its host's clock."""
    return "only_if" in options and not blade[options["only_if"]]


def _state(unit: Mapping[str, Any]) -> str:
    if unit["load"] == "not-found":
        return "absent"
    known = {"active": "running", "inactive": "stopped", "": "stopped"}
    return known.get(unit["active"]) or their_words(unit["active"])
