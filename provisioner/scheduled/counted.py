"""One scheduled run: what it came to is remembered, and told where that is due."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisioner.console_text import one_line
from provisioner.errors import BusyError, ExitCode, ProvisionError
from provisioner.plan.model import Plan
from provisioner.scheduled.memory import changed, invocation, recall
from provisioner.scheduled.notifier import tell

BY_UNIT = "PROVISION_TIMER"
"""Set by the unit of a timer, whose own hook tells somebody: outside of the sandbox of the run."""


@dataclass(frozen=True)
class Ended:
    """What a run came to, as far as a person is to hear of it.

    Args:
        left: what it left for later, lines by blade.
    """

    code: int
    run: str = ""
    seconds: float = 0.0
    error: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, list[str]] = field(default_factory=dict)


def counted(plan: Path, run: Callable[[], Ended]) -> tuple[int, str]:
    """Runs it and counts it; its exit code, and what came of telling somebody.

    Another run at work is none of our business: it is left in silence.

    Args:
        plan: absolute path of the plan.

    Raises:
        ProvisionError: what the run raised, but for another one at work; it is counted.
    """
    try:
        ended = run()
    except BusyError as error:
        return int(error.exit_code), ""
    except ProvisionError as error:
        remember(plan, Ended(int(error.exit_code), error=error.message))
        _told(plan)
        raise
    except OSError as error:
        remember(plan, Ended(int(ExitCode.FAILED), error=str(error)))
        _told(plan)
        raise
    remember(plan, ended)
    return ended.code, _told(plan)


def _told(plan: Path) -> str:
    return "" if os.environ.get(BY_UNIT) else tell(plan)


def note_plan(path: Path, plan: Plan) -> None:
    """Remembers what the plan says of who hears of failures, for when it cannot be read."""
    said: dict[str, Any] = plan.notify.model_dump() if plan.notify else {}
    with changed(path) as memory:
        memory.notify = said
        memory.last = {**memory.last, "cluster": plan.cluster.name}


def remember(path: Path, ended: Ended, named: str = "") -> None:
    """Remembers what a run came to; one that was stopped, or found another at work, says nothing.

    Args:
        named: systemd's name of the run; by default of this very process.
    """
    if ended.code in (ExitCode.BUSY, ExitCode.STOPPED):
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with changed(path) as memory:
        memory.streak = memory.streak.after(ended.code, now)
        memory.last = {
            "cluster": memory.last.get("cluster") or "",
            "run": ended.run,
            "at": now,
            "exit_code": ended.code,
            "meaning": ExitCode(ended.code).meaning,
            "seconds": round(ended.seconds, 1),
            "error": one_line(ended.error, 1000),
            "failed": {name: one_line(words, 1000) for name, words in ended.failed.items()},
            "left": {name: list(lines) for name, lines in ended.left.items()},
            "invocation": named or invocation(),
        }


def note_crash(path: Path, result: str, named: str) -> None:
    """Counts a run that could not say itself what became of it: it was killed, took too long, or did not start.

    Args:
        result: systemd's word for it, such as `signal`, `timeout` or `exit-code`; `success` for none.
        named: systemd's name of this very run.
    """
    if result in ("", "success") or (named and recall(path).last.get("invocation") == named):
        return
    words = f"the run ended without a word of its own ({one_line(result, 40)}); next: look at `journalctl` for it"
    remember(path, Ended(int(ExitCode.FAILED), error=words), named)
