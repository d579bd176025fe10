"""`provision rotate` over played blades."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.cli.rotate_munge import LOOK_TASK, WAIT_TASK
from provisioner.errors import ExitCode, UsageError

Played = Callable[..., Any]
runner = CliRunner()


@pytest.fixture(autouse=True)
def _here(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb finds the plan of the test."""
    monkeypatch.setenv("LOGNAME", "eve")


def looked(**controller: Any) -> dict[str, Any]:
    """What three members say that have one key."""
    seen = {"key": "k", "munge": "", "at_work": False}
    own = {**seen, "slurmctld": "active", "rotation": {}, "old": "", **controller}
    return {name: {LOOK_TASK: own if name == "bld-006" else seen} for name in ("bld-006", "bld-008", "bld-011")}


def test_all_members_are_looked_at_and_then_told(played: Played) -> None:
    answers = looked()
    answers["bld-006"][WAIT_TASK] = {"rotation": {"stage": "switched", "away": 3.1}}
    runs = played(results=answers)
    done = runner.invoke(app, ["rotate", "munge"])
    assert done.exit_code == 0, done.output
    look, change = runs.asked
    assert (look.playbook, look.options.extra["provision_rotate"]["step"]) == ("rotate.yml", "look")
    assert change.options.extra["provision_rotate"] == {
        "step": "switch", "undo": False, "by": "eve", "nodes": ["bld-008", "bld-011"],
    }  # fmt: skip
    assert "no job started for 3.1 s" in done.output
    assert "`provision rotate munge --undo` takes it back" in done.output.replace("\n", " ")


def test_a_change_of_which_nobody_knows_how_long_it_took(played: Played) -> None:
    answers = looked()
    answers["bld-006"][WAIT_TASK] = {"rotation": {"stage": "switched"}}
    played(results=answers)
    done = runner.invoke(app, ["rotate", "munge"])
    assert done.exit_code == 0, done.output
    assert "no job started for some seconds" in done.output


def test_a_check_only_looks(played: Played) -> None:
    runs = played(results=looked())
    done = runner.invoke(app, ["rotate", "munge", "--check", "--json"])
    assert done.exit_code == 0, done.output
    assert len(runs.asked) == 1
    said = json.loads(done.stdout)
    assert (said["check"], said["nodes"]) == (True, ["BLD-006", "BLD-008", "BLD-011"])


def test_one_that_does_not_answer_stops_it(played: Played) -> None:
    answers = looked()
    del answers["bld-011"]
    runs = played(results=answers)
    done = runner.invoke(app, ["rotate", "munge"])
    assert (done.exit_code, len(runs.asked)) == (1, 1)
    assert "nothing was touched: BLD-011" in done.output
    assert "--without BLD-011" in done.output


@pytest.mark.parametrize("words", [[], ["--undo"]])
def test_a_rotation_that_was_stopped_is_proved_and_no_other_begins(played: Played, words: list[str]) -> None:
    rotation = {"stage": "switched", "proved": False, "when": "2026-11-27T01:00:00Z", "by": "ada", "away": 3.0}
    runs = played(results=looked(rotation={**rotation, "undo": bool(words)}, old="o"))
    done = runner.invoke(app, ["rotate", "munge", *words])
    assert done.exit_code == 0, done.output
    assert runs.asked[1].options.extra["provision_rotate"]["step"] == "prove"
    assert "2026-11-27T01:00:00Z by ada" in done.output


WRONG = {
    "both ways": (["munge", "--undo", "--finish"], "--undo needs the key"),
    "without its controller": (["munge", "--without", "BLD-006"], "BLD-006 has to be there"),
    "without a stranger": (["munge", "--without", "BLD-099"], "not in the plan"),
    "no tokens": (["jwt"], "there are no tokens"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused_before_anything_is_touched(case: str, played: Played) -> None:
    words, sentence = WRONG[case]
    runs = played(results=looked())
    done = runner.invoke(app, ["rotate", *words])
    assert isinstance(done.exception, UsageError)
    assert sentence in done.exception.message
    assert done.exception.next_step
    assert runs.asked == []


def test_the_blade_of_the_database_is_looked_at_before_tokens_are_void(played: Played, site: Path) -> None:
    plan = site / "plan.yml"
    plan.write_text(f"rest: true\naccounting: {{host: BLD-008}}\n{plan.read_text()}")
    runs = played(ExitCode.FAILED)
    done = runner.invoke(app, ["rotate", "jwt"])
    assert done.exit_code == 1, done.output
    (asked,) = runs.asked
    assert (asked.playbook, asked.blades) == ("rotate_jwt.yml", ["BLD-008"])
