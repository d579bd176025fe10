"""Runs over time, and what changed lately, from the records of runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from provisioner.console_text import one_line
from provisioner.duration import said
from provisioner.run.history import PastRun

DAYS = 30
LATELY, LISTED, MOST_LINES = 8, 25, 12
"""Runs that changed something and runs of all kinds that are shown, and lines of one blade in one of them."""
_LONG = 240


@dataclass(frozen=True)
class Day:
    """How many runs began on a day, by what came of them; `words` says it."""

    day: str
    failed: int
    changed: int
    same: int
    words: str


@dataclass(frozen=True)
class Run:
    """A run as a row; `kind` is failed, changed or same, for the sign."""

    run: str
    began: str
    took: str
    by: str
    what: str
    result: str
    kind: str


@dataclass(frozen=True)
class Change:
    """A run that changed something, and what, by blade; lines beyond MOST_LINES are counted in the last one."""

    run: Run
    blades: tuple[tuple[str, tuple[str, ...]], ...]


def kind_of(run: PastRun) -> str:
    """What came of a run: failed, changed or same."""
    return "failed" if run.code else "changed" if run.changed and not run.is_check() else "same"


def days(runs: Iterable[PastRun], now: datetime) -> list[Day]:
    """The last DAYS days with their runs, today as the last; days are those of the time zone of `now`."""
    today = now.date()
    counts: dict[date, dict[str, int]] = {today - timedelta(days=back): {} for back in range(DAYS - 1, -1, -1)}
    for run in runs:
        if run.started:
            day = datetime.fromisoformat(run.started).astimezone(now.tzinfo).date()
            if day in counts:
                counts[day][kind_of(run)] = counts[day].get(kind_of(run), 0) + 1
    return [_day(day, found) for day, found in counts.items()]


def _day(day: date, found: dict[str, int]) -> Day:
    words = {"failed": "failed", "changed": "changed something", "same": "changed nothing"}
    parts = [f"{found[kind]} {word}" for kind, word in words.items() if found.get(kind)]
    said_so = f"{day.isoformat()}: {', '.join(parts) or 'no run'}"
    return Day(day.isoformat(), found.get("failed", 0), found.get("changed", 0), found.get("same", 0), said_so)


def listed(runs: Sequence[PastRun], now: datetime) -> list[Run]:
    """The newest runs as rows."""
    return [_row(run, now) for run in runs[:LISTED]]


def changes(runs: Iterable[PastRun], now: datetime) -> list[Change]:
    """The newest runs that changed something or in which a blade failed."""
    did = (run for run in runs if not run.is_check() and (run.changed or run.failed))
    return [Change(_row(run, now), tuple(_blades(run))) for run, _ in zip(did, range(LATELY), strict=False)]


def _row(run: PastRun, now: datetime) -> Run:
    began = datetime.fromisoformat(run.started).astimezone(now.tzinfo).strftime("%Y-%m-%d %H:%M") if run.started else ""
    return Run(
        run.run, began, said(run.seconds), one_line(run.by, 60), one_line(run.what, 60), one_line(run.result(), 300),
        kind_of(run),
    )  # fmt: skip


def _blades(run: PastRun) -> Iterable[tuple[str, tuple[str, ...]]]:
    for blade in run.blades:
        lines = [*run.changed.get(blade, []), *(f"failed: {line}" for line in [run.failed.get(blade)] if line)]
        if lines:
            more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
            yield one_line(blade, 80), tuple(one_line(line, _LONG) for line in [*lines[:MOST_LINES], *more])
