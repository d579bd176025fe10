"""Filters for what roles keep on a node: thin names for provisioner.state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioner.state import differences as compare
from provisioner.state import fingerprint, masks, pending, trials, work
from provisioner.state.kinds import Blade, States
from provisioner.state.questions import questions


def _differences(
    states: States, blade: Blade, hosts: Mapping[str, Mapping[str, Any]], host: str, salt: str
) -> list[dict[str, Any]]:
    """Where a node differs from the states; the variables of all hosts tell what others have that it shall have."""
    found = compare.differences(states, blade, compare.others(states, hosts), host, salt)
    return [each.as_dict() for each in found]


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "state_accounts": work.missing_accounts,
            "state_concerns": pending.concerns,
            "state_daemons": work.daemons,
            "state_differences": _differences,
            "state_files": work.file_entries,
            "state_fingerprint": fingerprint.fingerprint,
            "state_kinds": pending.kinds,
            "state_lines": pending.lines,
            "state_masks": masks.masks,
            "state_more": pending.more,
            "state_moved": fingerprint.all_moved,
            "state_parts": pending.parts,
            "state_own_entries": work.own_entries,
            "state_own_lines": compare.own_lines,
            "state_packages": work.wanted_packages,
            "state_programs": work.programs,
            "state_questions": questions,
            "state_quiet_units": work.quiet_units,
            "state_secret_entries": work.secret_entries,
            "state_secret_places": work.secret_places,
            "state_secrets": work.secrets,
            "state_trials": trials.trials,
            "state_units": work.units,
        }
