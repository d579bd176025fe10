"""Verbs of `provision` in this process: a thousand plans take minutes so, and would take an hour with the command."""

from __future__ import annotations

import io
import json
import re
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from provisioner.cli.main import app
from provisioner.errors import ProvisionError, UsageError
from provisioner.plan.problems import PlanError
from tests.campaign.case import Broken

# Far above what any plan needs, so that only what has no bound reaches them.
SECONDS = 20
GROWTH_KIB = 500 * 1024


@dataclass(frozen=True)
class Answer:
    """How a verb ended: its exit code, what it printed, and the error it raised."""

    code: int
    out: str
    error: ProvisionError | None = None


class _TooSlowError(BaseException):
    """Not an Exception: no verb may catch it."""


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Stops what takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _peak_kib(reset: bool = False) -> int:
    """The most memory that this process had, since it began or since it was reset to what it has now (proc(5))."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0])


def ask(*words: str, seconds: int = SECONDS) -> Answer:
    """`provision WORDS` in this process.

    Raises:
        Broken: a traceback, no end, or memory without bound.
    """
    out = io.StringIO()
    before = _peak_kib(reset=True)
    try:
        with bounded(seconds), redirect_stdout(out), redirect_stderr(out):
            app(list(words), standalone_mode=False)
        answer = Answer(0, out.getvalue())
    except ProvisionError as error:
        answer = Answer(int(error.exit_code), out.getvalue(), error)
    except _TooSlowError:
        raise Broken(f"`{words[0]}` takes more than {seconds} s") from None
    except Exception:
        raise Broken(f"`{words[0]}` ends with a traceback", {"traceback": traceback.format_exc()}) from None
    grown = _peak_kib() - before
    if grown > GROWTH_KIB:
        raise Broken(f"`{words[0]}` takes {grown // 1024} MiB of memory")
    return answer


def check_refusal(error: ProvisionError, path: Path) -> None:
    """A refused plan names file, line and column of every problem, and nothing in it moves a cursor.

    Raises:
        Broken: it does not.
    """
    if not isinstance(error, UsageError) or not error.next_step:
        raise Broken(f"{type(error).__name__} without a next step, or not of the plan", {"message": error.message})
    if not all(character.isprintable() or character == "\n" for character in error.message + error.next_step):
        raise Broken("a message has characters that move a cursor", {"message": repr(error.message)})
    if isinstance(error, PlanError):
        wrong = [
            row for row in error.message.splitlines()[1:] if not re.match(rf"{re.escape(str(path))}:\d+:\d+: \S", row)
        ]
        if wrong or not error.problems:
            raise Broken("a problem without line and column", {"message": error.message})


def check_output(words: Sequence[str], answer: Answer) -> None:
    """What is printed is JSON where it should be, and moves no cursor.

    Raises:
        Broken: it does.
    """
    if "--json" in words or "--list" in words:
        json.loads(answer.out)
    odd = {character for character in answer.out if not character.isprintable() and character != "\n"}
    if odd:
        raise Broken(f"`{' '.join(words[:2])}` prints {sorted(odd)!r}", {"output": repr(answer.out[-2000:])})
