"""How long a run will still take, as the records of former runs of this cluster tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from provisioner.errors import ExitCode
from provisioner.names import host_name

_ALIKE = 1.5
"""Runs over so many times more or fewer blades tell nothing."""


@dataclass(frozen=True)
class Past:
    """A former run that came to its end; `phases` are seconds by their name."""

    playbook: str
    check: bool
    blades: frozenset[str]
    changed: int
    phases: Mapping[str, float]


@dataclass(frozen=True)
class Now:
    """Where a run is: `order` are the names of all phases, `seconds` how long the present one has taken."""

    playbook: str
    check: bool
    blades: frozenset[str]
    order: Sequence[str]
    phase: str
    seconds: float
    has_changed: bool


def past_runs(records: Iterable[Any]) -> list[Past]:
    """The runs in records that came to their end; a record of another shape is left out."""
    found = []
    for record in records:
        try:
            if record["interrupted"] or record["exit_code"] not in (ExitCode.OK, ExitCode.DEGRADED):
                continue
            # It is many runs, and waits for jobs.
            if record.get("rolling"):
                continue
            times = {str(name): float(seconds) for name, seconds in record["phases"].items()}
            is_check, changed = bool(record["check"]), int(record["changed"])
            found.append(
                Past(str(record["playbook"]), is_check, frozenset(map(host_name, record["blades"])), changed, times)
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return found


def seconds_left(past: Sequence[Past], now: Now) -> float | None:
    """What runs like this one took from here on, in the middle; None when there was none like it.

    A run over blades of which one is new, or that has changed something, is like those that changed something; any
    other one like those that changed nothing.
    """
    if now.phase not in now.order:
        return None
    same = [run for run in past if (run.playbook, run.check) == (now.playbook, now.check)]
    known = frozenset[str]().union(*(run.blades for run in same))
    changes = now.has_changed or not now.blades <= known
    alike = [run for run in same if bool(run.changed) == changes and _is_alike(len(run.blades), len(now.blades))]
    if not alike:
        return None
    later = now.order[now.order.index(now.phase) + 1 :]
    return median(
        max(run.phases.get(now.phase, 0.0) - now.seconds, 0.0) + sum(run.phases.get(name, 0.0) for name in later)
        for run in alike
    )


def _is_alike(one: int, other: int) -> bool:
    return max(one, other) <= _ALIKE * max(min(one, other), 1)


def span(seconds: float) -> str:
    """A time as a person says it: `40 s`, `3 min`."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
