"""Spoiled plans: a plan is used or refused with the place of every mistake; never a traceback, and in bounded time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from provisioner.errors import ExitCode, UsageError
from provisioner.plan.load import load_plan
from provisioner.plan.select import select_for_run, select_forgotten
from tests.campaign.asking import SECONDS, ask, bounded, check_output, check_refusal
from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.plan_mutations import MUTATIONS, WORDS

ROOT = Path(__file__).parents[2]
SEEDS = [ROOT / "inventories/asgard/plan.yml", *sorted(ROOT.glob("tests/plans/*/plan.yml"))]
MEMORY_BYTES = 2 * 2**30
Words = tuple[str, ...]
VERBS: tuple[Words, ...] = (("plan",), ("plan", "--json"), ("inventory", "--list"), ("inventory", "--graph"))
# One case in so many is tried with the real command as well.
SAMPLE = 40


def _try_plan(path: Path, expression: str, other: Words, tally: Tally) -> int:
    """The verbs that only read a plan: two for one that is refused, since both load it alike; returns their code."""
    codes: dict[str, int] = {}
    for words in (VERBS[0], other, *VERBS):
        if " ".join(words) in codes or (len(codes) > 1 and set(codes.values()) == {2}):
            continue
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
            code = _try_plan(path, expression, random.choice(VERBS[1:]), tally)
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
