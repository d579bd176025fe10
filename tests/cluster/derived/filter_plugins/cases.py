"""The filter that makes tamper cases of states, for the playbook beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from provisioner.state.tampering import cases


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"state_cases": lambda states, release: [asdict(case) for case in cases(states, release)]}
