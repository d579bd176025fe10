"""What a run would do, as a plan that ends with one line: per blade, per setting of Slurm, per job. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import counted, one_line
from provisioner.run.outcome import Outcome
from provisioner.slurm.harm import numbered

_SLURMCTLD = {"reconfigure": "slurmctld is reconfigured", "restart": "slurmctld restarts"}
_SLURMD = "unit slurmd.service: restart"
_MOST_ROWS = 2000


@dataclass(frozen=True)
class Setting:
    """One thing that is another one in slurm.conf: what it needs on this release, and whose jobs it costs."""

    what: str
    needs: str
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """What a run would do.

    Args:
        blades: lines by blade id, of blades that change.
        settings: what changes in slurm.conf and beside it.
        slurmctld: `nothing`, `reconfigure` or `restart`.
        ends, requeues: numbers of jobs.
    """

    blades: Mapping[str, list[str]]
    settings: tuple[Setting, ...]
    slurmctld: str
    ends: tuple[str, ...]
    requeues: tuple[str, ...]

    def words(self) -> str:
        """`Plan: 3 nodes change, slurmctld restarts, 2 jobs would be requeued: 17, 23.`"""
        changing, count = len(self.blades), len(self._slurmd())
        parts = [f"{counted(changing, 'node')} change{'s' if changing == 1 else ''}"] if changing else []
        parts += [_SLURMCTLD[self.slurmctld]] if self.slurmctld in _SLURMCTLD else []
        parts += [f"slurmd restarts on {counted(count, 'node')}"] if count else []
        for jobs, word in ((self.ends, "ended"), (self.requeues, "requeued")):
            parts += [f"{counted(len(jobs), 'job')} would be {word}: {numbered(jobs)}"] if jobs else []
        return f"Plan: {', '.join(parts) or 'nothing to do'}."

    def _slurmd(self) -> list[str]:
        return [name for name, lines in self.blades.items() if any(line.startswith(_SLURMD) for line in lines)]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for scripts and kept previews."""
        return {**asdict(self), "blades": dict(self.blades), "words": self.words()}


def planned(outcome: Outcome, facts: Mapping[str, Any]) -> Planned:
    """What a check found.

    Args:
        outcome: what the check came to.
        facts: those that its tasks set on the controller.
    """
    change, harm = _mapping(facts.get("slurmctld_change")), _mapping(facts.get("slurmctld_harm"))
    due = str(change.get("kind") or "nothing")
    of = {str(place): _words(jobs) for place, jobs in _mapping(harm.get("of")).items()}
    rows = change.get("rows") if due != "nothing" else None
    return Planned(
        {name: list(blade.changed) for name, blade in outcome.blades.items() if blade.changed},
        tuple(_setting(row, of) for row in (rows or ())[:_MOST_ROWS] if isinstance(row, Mapping)),
        due,
        _words(harm.get("ends")),
        _words(harm.get("requeues")),
    )


def _setting(row: Mapping[str, Any], of: Mapping[str, tuple[str, ...]]) -> Setting:
    jobs = dict.fromkeys(job for place in _words(row.get("ends")) for job in of.get(place, ()))
    return Setting(one_line(row.get("what"), 400), one_line(row.get("needs"), 60), tuple(jobs))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
