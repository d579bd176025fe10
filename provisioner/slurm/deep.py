"""What `provision verify --deep` found: each thing that a user does, whether it works, and what to do if not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import counted, their_words
from provisioner.slurm.deep_checks import CHECKS, MPI_CHECKS, STEPS, Check

OK, FAILED, NOT_TRIED = "ok", "failed", "not tried"
_SILENT = {"result": FAILED, "words": "the controller says nothing of it", "evidence": "", "cause": "", "seconds": 0}


@dataclass(frozen=True)
class Figure:
    """What an MPI program measured: microseconds that a message or collective operation of so many bytes takes."""

    what: str
    bytes: int
    usec: float

    @property
    def mb_per_second(self) -> float | None:
        """What a message moves; None where that says nothing."""
        return self.bytes / self.usec if self.what == "ping-pong" and self.bytes >= 1024 and self.usec else None


@dataclass(frozen=True)
class Row:
    """One check: what was tried and how, what came of it in words, how long it took (seconds).

    `evidence` is what Slurm said where it failed, `next_step` what a person does then. Of an MPI program `hosts` has
    the node of each rank, by its number, and `figures` what it measured.
    """

    name: str
    what: str
    command: str
    result: str
    words: str
    seconds: float
    evidence: str = ""
    next_step: str = ""
    hosts: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what an MPI program said only where there was one."""
        return {key: value for key, value in asdict(self).items() if value or key not in ("hosts", "figures")}


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
            "checks": [row.as_dict() for row in self.rows],
        }


def report(fact: Any) -> Report | None:
    """The fact of the module as a report, None where there is none. A check that it leaves out has failed."""
    if not isinstance(fact, Mapping) or "checks" not in fact:
        return None
    found = {one["name"]: one for one in fact["checks"]}
    checks = {**CHECKS, **(MPI_CHECKS if fact.get("mpi") else {})}
    rows = tuple(_row(name, check, found.get(name, _SILENT)) for name, check in checks.items())
    return Report(their_words(fact["account"], 64), their_words(fact["partition"], 64), rows)


def _row(name: str, check: Check, found: Mapping[str, Any]) -> Row:
    words, failed = their_words(found["words"], 400), found["result"] == FAILED
    step = STEPS.get(found["cause"], check.next_step) if failed else ""
    evidence = str(found["evidence"]) if failed else ""
    hosts = tuple(str(host) for host in found.get("hosts", ()))
    figures = tuple(Figure(one["what"], one["bytes"], float(one["usec"])) for one in found.get("figures", ()))
    seconds = float(found["seconds"])
    return Row(name, check.what, check.command, found["result"], words, seconds, evidence, step, hosts, figures)


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
