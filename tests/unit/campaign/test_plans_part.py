"""The spoiled plans of the campaign: the same seed spoils alike, and each of its checks can fail."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import typer

from provisioner.errors import ProvisionError
from provisioner.plan.problems import PlanError, Problem
from tests.campaign import asking
from tests.campaign.asking import Answer, ask, check_output, check_refusal
from tests.campaign.case import Broken
from tests.campaign.plan_mutations import MUTATIONS
from tests.campaign.plans import SEEDS

ALIASES = next(path for path in SEEDS if "alias-bomb" in str(path))


def app_that(does: object) -> typer.Typer:
    """A program with the one verb `plan`, which does this."""
    app = typer.Typer()
    app.command("plan")(does)  # type: ignore[type-var]
    app.command("other")(lambda: None)
    return app


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_depends_on_its_generator_only(name: str) -> None:
    raw = SEEDS[0].read_bytes()
    found = [MUTATIONS[name](Random(seed), raw) for seed in range(10)]
    assert found == [MUTATIONS[name](Random(seed), raw) for seed in range(10)]
    assert any(each != raw for each in found), "it spoils nothing"


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"a: [", ALIASES.read_bytes()], ids=["empty", "binary", "cut", "bomb"]
)
def test_a_mutation_takes_any_text(name: str, raw: bytes) -> None:
    for seed in range(10):
        MUTATIONS[name](Random(seed), raw)


def test_a_planted_traceback_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise KeyError("planted")

    monkeypatch.setattr(asking, "app", app_that(fails))
    with pytest.raises(Broken, match="ends with a traceback") as raised:
        ask("plan")
    assert "planted" in raised.value.evidence["traceback"]


def test_what_has_no_end_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs() -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:  # as a parser that catches everything
                continue

    monkeypatch.setattr(asking, "app", app_that(hangs))
    with pytest.raises(Broken, match="takes more than 1 s"):
        ask("plan", seconds=1)


def test_memory_without_bound_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "app", app_that(lambda: len(bytes(64 * 2**20).replace(b"\0", b"x"))))
    monkeypatch.setattr(asking, "GROWTH_KIB", 16 * 1024)
    with pytest.raises(Broken, match="MiB of memory"):
        ask("plan")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ProvisionError("failed", "do this"), "not of the plan"),
        (PlanError(Path("p"), []), "without line and column"),
        (PlanError(Path("p"), [Problem(1, 1, "\x1b[31mred", "right")]), "move a cursor"),
        (PlanError(Path("p"), [Problem(1, 1, "two\nlines", "right")]), "without line and column"),
    ],
)
def test_a_bad_refusal_is_seen(error: ProvisionError, sentence: str) -> None:
    with pytest.raises(Broken, match=sentence):
        check_refusal(error, Path("p"))


def test_a_good_refusal_passes() -> None:
    check_refusal(PlanError(Path("p"), [Problem(1, 1, "wrong", "right")]), Path("p"))


def test_output_that_moves_a_cursor_is_seen() -> None:
    check_output(("plan",), Answer(0, "a\nb"))
    with pytest.raises(Broken, match="prints"):
        check_output(("plan",), Answer(0, "a\x1b[2J"))
