"""Filters that make tamper cases of states, and lists of what they keep, for the playbook beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from provisioner.state.kinds import States, all_things
from provisioner.state.tampering import cases


def things(states: States, release: str, kinds: list[str]) -> list[dict[str, str]]:
    """`{"role", "kind", "name"}` of all that roles keep of some kinds."""
    return [
        {"role": role, "kind": kind, "name": name}
        for kind in kinds
        for role, name, _ in all_things(states, kind, release)
    ]


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "state_cases": lambda states, release: [asdict(case) for case in cases(states, release)],
            "state_things": things,
        }
