"""Filters for what roles keep on a node: thin names for provisioner.state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.state import differences as compare
from provisioner.state import pending, work
from provisioner.state.questions import questions


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "state_accounts": work.missing_accounts,
            "state_concerns": pending.concerns,
            "state_daemons": work.daemons,
            "state_differences": lambda *sets: [each.as_dict() for each in compare.differences(*sets)],
            "state_files": work.file_entries,
            "state_lines": pending.lines,
            "state_more": pending.more,
            "state_others": compare.others,
            "state_own_entries": work.own_entries,
            "state_own_lines": compare.own_lines,
            "state_packages": work.wanted_packages,
            "state_programs": work.programs,
            "state_questions": questions,
            "state_quiet_links": work.quiet_links,
            "state_secrets": work.secrets,
            "state_touched": pending.touched,
            "state_units": work.units,
        }
