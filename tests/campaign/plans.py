"""Spoiled plans: a plan is used or refused with the place of every mistake; never a traceback, and in bounded time."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from provisioner.cli.main import app
from provisioner.errors import ExitCode, ProvisionError, UsageError
from provisioner.plan.load import load_plan
from provisioner.plan.problems import PlanError
from provisioner.plan.select import select_for_run, select_forgotten
from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.plan_mutations import MUTATIONS, WORDS

ROOT = Path(__file__).parents[2]
SEEDS = [ROOT / "inventories/asgard/plan.yml", *sorted(ROOT.glob("tests/plans/*/plan.yml"))]
# Far above what any plan needs, so that only what has no bound reaches them.
SECONDS = 20
MEMORY_BYTES = 2 * 2**30
GROWTH_KIB = 500 * 1024
# One case in so many is tried with the real command as well.
SAMPLE = 40


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


def ask(*words: str, seconds: int = SECONDS) -> Answer:
    """`provision WORDS` in this process.

    Raises:
        Broken: a traceback, no end, or memory without bound.
    """
    out = io.StringIO()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
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
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
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


def _try_plan(path: Path, expression: str, tally: Tally) -> int:
    """Every verb that reads a plan only; returns the exit code that all of them have."""
    codes = {}
    for words in (("plan",), ("plan", "--json"), ("inventory", "--list"), ("inventory", "--graph")):
        answer = ask(words[0], "--plan", str(path), *words[1:])
        if answer.error:
            check_refusal(answer.error, path)
        else:
            check_output(words, answer)
        codes[" ".join(words)] = answer.code
    if len(set(codes.values())) != 1 or not set(codes.values()) <= {0, 2}:
        raise Broken("the verbs do not agree about a plan", {"codes": str(codes)})
    code = next(iter(codes.values()))
    tally["used" if code == 0 else "refused with line and column"] += 1
    if code == 0:
        with bounded(SECONDS):
            plan = load_plan(path)
            for select in (partial(select_for_run, forgotten=[]), select_forgotten):
                try:
                    select(plan, expression)
                except UsageError as error:
                    check_refusal(error, path)
    return code


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _try_command(path: Path, expression: str, code: int, tally: Tally) -> None:
    """The real command says the same; `slurm` is only asked where the plan is refused, since it would start."""
    verbs = [["plan"], ["inventory", "--list"]]
    if code == ExitCode.USAGE:
        verbs.append(["slurm", f"--nodes={expression}"])
    for words in verbs:
        command = [sys.executable, "-m", "provisioner", words[0], f"--plan={path}", *words[1:]]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, errors="replace", timeout=60, preexec_fn=_limit
        )
        tally["real commands"] += 1
        if done.returncode != code or "Traceback" in done.stderr:
            evidence = {"command": " ".join(command), "output": done.stdout[-2000:] + done.stderr[-4000:]}
            raise Broken(f"`provision {words[0]}` ends with {done.returncode}, in this process with {code}", evidence)


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    path = place.folder / "plan.yml"

    def run(case: Case, tally: Tally) -> None:
        random = case.random()
        source = random.choice([SEEDS[0], random.choice(SEEDS)])
        names = random.choices(list(MUTATIONS), k=random.choice((1, 1, 2, 3)))
        raw = source.read_bytes()
        for name in names:
            raw = MUTATIONS[name](random, raw)
        path.write_bytes(raw)
        expression = "".join(map(str, random.choices(WORDS["nodes"], k=random.choice((1, 1, 2)))))
        tally["tried"] += 1
        try:
            code = _try_plan(path, expression, tally)
            if case.number % SAMPLE == 0:
                _try_command(path, expression, code, tally)
        except Broken as broken:
            tally["tracebacks"] += "traceback" in broken.evidence
            kept = {"mutations": f"{', '.join(names)} of {source.relative_to(ROOT)}; --nodes {expression!r}"}
            raise Broken(broken.sentence, {**kept, **broken.evidence, "plan": repr(raw[:3000])}) from None

    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(place.folder / "state")
    try:
        yield run
    finally:
        del os.environ["XDG_STATE_HOME"]
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before


PLANS = Part("plans", ("tried", "used", "refused with line and column", "real commands", "tracebacks"), 2, _open)
