"""What `provision verify --deep` found: each thing that a user does, whether it works, and what to do if not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import counted, their_words
from provisioner.slurm.deep_checks import CHECKS, STEPS

OK, FAILED, NOT_TRIED = "ok", "failed", "not tried"
_SILENT = {"result": FAILED, "words": "the controller says nothing of it", "evidence": "", "cause": "", "seconds": 0}


@dataclass(frozen=True)
class Row:
    """One check: what was tried and how, what came of it in words, how long it took (seconds).

    `evidence` is what Slurm said where it failed, `next_step` what a person does then.
    """

    name: str
    what: str
    command: str
    result: str
    words: str
    seconds: float
    evidence: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Report:
    """All checks, the account that they were made as, and the partition that its jobs went to."""

    account: str
    partition: str
    rows: tuple[Row, ...]

    def failed(self) -> list[Row]:
        """What does not work."""
        return [row for row in self.rows if row.result == FAILED]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "user": self.account,
            "partition": self.partition,
            "failed": len(self.failed()),
            "checks": [asdict(row) for row in self.rows],
        }


def report(fact: Any) -> Report | None:
    """The fact of the module as a report, None where there is none. A check that it leaves out has failed."""
    if not isinstance(fact, Mapping) or "checks" not in fact:
        return None
    found = {one["name"]: one for one in fact["checks"]}
    rows = tuple(_row(name, found.get(name, _SILENT)) for name in CHECKS)
    return Report(their_words(fact["account"], 64), their_words(fact["partition"], 64), rows)


def _row(name: str, found: Mapping[str, Any]) -> Row:
    check = CHECKS[name]
    words, failed = their_words(found["words"], 400), found["result"] == FAILED
    step = STEPS.get(found["cause"], check.next_step) if failed else ""
    evidence = str(found["evidence"]) if failed else ""
    return Row(name, check.what, check.command, found["result"], words, float(found["seconds"]), evidence, step)


def in_order(verified: Any) -> list[str]:
    """The nodes that verification found nothing wrong with, busy ones included."""
    nodes = verified.get("nodes", {}) if isinstance(verified, Mapping) else {}
    return sorted(name for name, one in nodes.items() if not one["problems"] and not one["unseen"])


def troubles(fact: Any) -> list[str]:
    """What makes a run degraded, in one sentence; [] where all works that was tried."""
    found = report(fact)
    if found is None or not (failed := found.failed()):
        return []
    names = ", ".join(row.what for row in failed)
    return [
        f"of {counted(len(found.rows), 'thing')} that a user does {len(failed)} "
        f"{'do' if len(failed) > 1 else 'does'} not work: {names}; next: see what each of them needs, then "
        "`provision verify --deep`"
    ]
