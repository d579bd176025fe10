"""Where a run is: which of its phases, and how long it will still take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.run.events import RunState
from provisioner.run.forecast import Now, Past, past_runs, seconds_left, span
from provisioner.run.phases import phases
from provisioner.run.record import read_records

_LEAST_SECONDS = 5
"""Less than this is not worth a word."""


@dataclass(frozen=True)
class Course:
    """What is known of a run before it begins: the order of its phases, and former runs of this cluster."""

    playbook: str = ""
    check: bool = False
    order: Sequence[str] = ()
    past: Sequence[Past] = field(default_factory=tuple)

    def words(self, state: RunState) -> str:
        """`2 of 7, about 40 s left`; '' before the first phase."""
        if state.phase not in self.order:
            return ""
        place = f"{self.order.index(state.phase) + 1} of {len(self.order)}"
        blades = frozenset(state.blades)
        changed = any(blade.lines for blade in state.blades.values())
        now = Now(self.playbook, self.check, blades, self.order, state.phase, state.phase_seconds(), changed)
        left = seconds_left(self.past, now)
        return place if left is None or left < _LEAST_SECONDS else f"{place}, about {span(left)} left"


def course(playbook: Path, check: bool, state: Path) -> Course:
    """The course of a run of a playbook.

    Args:
        state: the state folder of the cluster, with the records of former runs.
    """
    return Course(playbook.name, check, phases(playbook), past_runs(read_records(state)))
