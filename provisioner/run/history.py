"""What former runs did, from their records. Pure.

A record is a file of this user's, of this release or an older one: whatever has another shape is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from provisioner.console_text import counted
from provisioner.errors import ExitCode
from provisioner.names import folded
from provisioner.slurm.installation import Standing

CHECK, SCHEDULED, ROLLING = " --check", " --scheduled", " --rolling"
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class PastRun:
    """One run that is over.

    Args:
        started: an ISO time in UTC, '' where the id does not say it.
        by: account and machine, '' for a run of an older release.
        what: the verb with the words that make a difference, such as `slurm --check`.
        code: its exit code, with its meaning.
        seconds: how long it took.
        changed, notes, left, failed, skipped: lines by blade, without blades that have none.
        installations: what each blade that was looked at was found to be, see `slurm.installation`.
        release: that of the program, '' for an older one.
    """

    run: str
    started: str
    by: str
    what: str
    code: int
    meaning: str
    seconds: float
    changed: dict[str, list[str]]
    notes: dict[str, list[str]]
    left: dict[str, list[str]]
    failed: dict[str, str]
    skipped: dict[str, str]
    blades: tuple[str, ...]
    installations: dict[str, str] = field(default_factory=dict)
    release: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def is_check(self) -> bool:
        """Whether it only looked what it would change."""
        return self.what.endswith(CHECK)

    def when(self) -> str:
        """When it began, in the time of this machine, to the minute; '' where nobody knows."""
        return datetime.fromisoformat(self.started).astimezone().strftime("%Y-%m-%d %H:%M") if self.started else ""

    def result(self) -> str:
        """What came of it, in some words."""
        count = sum(map(len, self.changed.values()))
        would = "would change " if self.is_check() else "changed "
        parts = [f"{would}{counted(count, 'thing')} on {folded(self.changed)}" if count else "nothing changed"]
        parts += [f"left something for later on {folded(self.left)}"] if self.left else []
        parts += [f"{folded(self.failed)} failed"] if self.failed else []
        parts += [f"{folded(self.skipped)} skipped"] if self.skipped else []
        if self.code == ExitCode.STOPPED:
            parts.append("stopped")
        elif self.code and not self.failed:
            parts.append(self.meaning)
        return "; ".join(parts)


def past_run(run: str, record: Any) -> PastRun | None:
    """The run of a record, None for what is none."""
    if not isinstance(record, Mapping) or not isinstance(record.get("blades"), Mapping):
        return None
    named = record["blades"].items()
    blades = {name: each for name, each in named if _NAME.fullmatch(str(name)) and isinstance(each, Mapping)}
    code, seconds = record.get("exit_code"), record.get("seconds")
    return PastRun(
        run=run,
        started=_started(run),
        by=str(record.get("by") or ""),
        what=f"{record.get('playbook') or ''}".removesuffix(".yml")
        + (SCHEDULED if record.get("scheduled") else "")
        + (ROLLING if record.get("rolling") else "")
        + (CHECK if record.get("check") else ""),
        code=code if isinstance(code, int) else 1,
        meaning=str(record.get("meaning") or ""),
        seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
        changed=_lines(blades, "changed"),
        notes=_lines(blades, "notes"),
        left=_lines(blades, "left"),
        failed={name: _failure(each["failure"]) for name, each in blades.items() if each.get("failure")},
        skipped={name: str(each["skipped"]) for name, each in blades.items() if each.get("skipped")},
        blades=tuple(blades),
        installations={name: found for name, each in blades.items() if (found := _standing(each.get("installation")))},
        release=str(record.get("release") or "")[:40],
    )


def chosen(
    records: Iterable[tuple[str, Any]], blades: Iterable[str] | None, changed: bool, checks: bool = True
) -> Iterator[PastRun]:
    """The runs over any of these blades, in the order of the records.

    Args:
        blades: None for all runs.
        changed: only those that changed something there, or failed.
        checks: also those that only looked what they would change.
    """
    wanted = None if blades is None else set(blades)
    for run, record in records:
        found = past_run(run, record)
        if found is None or (wanted is not None and not wanted & {*found.blades}):
            continue
        if not checks and found.is_check():
            continue
        did = {*found.changed, *found.failed}
        if not changed or (did if wanted is None else did & wanted):
            yield found


def _started(run: str) -> str:
    try:
        return datetime.strptime(run.split("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).isoformat()
    except ValueError:
        return ""


def _lines(blades: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, list[str]]:
    return {
        name: [str(line) for line in each[key]]
        for name, each in blades.items()
        if isinstance(each.get(key), list) and each[key]
    }


def _standing(found: Any) -> str:
    said = found.get("standing") if isinstance(found, Mapping) else ""
    return str(said) if said in set(Standing) else ""


def _failure(failure: Any) -> str:
    if not isinstance(failure, Mapping):
        return str(failure)
    step = failure.get("next_step")
    return f"{failure.get('message') or 'failed'}{f'; next: {step}' if step else ''}"
