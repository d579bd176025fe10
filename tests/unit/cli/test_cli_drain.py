"""`provision drain` and `provision resume` over a played controller."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from provisioner.cli.drain_command import TASK
from provisioner.cli.main import app
from provisioner.errors import UsageError
from provisioner.run import converge
from provisioner.run.request import PlaybookRun

Played = Callable[..., Any]
runner = CliRunner()


@pytest.fixture(autouse=True)
def _here(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb finds the plan of the test."""
    monkeypatch.setenv("LOGNAME", "eve")


def answer(*jobs: str, result: str = "drained", told: bool = True) -> dict[str, Any]:
    node = {"name": "bld-008", "result": result, "told": told, "states": ["DRAIN", "IDLE"], "reason": "r", "by": "root"}
    return {"bld-006": {TASK: {"nodes": [node], "running": [[job, "bld-008"] for job in jobs]}}}


def test_drains_the_named_blades_by_asking_the_controller_alone(played: Played) -> None:
    runs = played(results=answer())
    done = runner.invoke(app, ["drain", "BLD-008", "--reason", "new memory"])
    assert (done.exit_code, done.stdout) == (0, "BLD-008: drained\n")
    (asked,) = runs.asked
    assert (asked.playbook, asked.blades, asked.options.check) == ("drain.yml", [], False)
    assert asked.options.extra == {
        "provision_drain": {
            "nodes": ["bld-008"],
            "state": "drained",
            "reason_b64": "bmV3IG1lbW9yeSAoZXZlKQ==",
            "wait": 0,
        }
    }


def test_a_check_only_asks(played: Played) -> None:
    runs = played(results=answer())
    done = runner.invoke(app, ["drain", "BLD-008", "--wait", "2h", "--check"])
    assert (done.exit_code, done.stdout) == (0, "BLD-008: would be drained\n")
    assert [each.options.check for each in runs.asked] == [True]


def test_all_is_every_blade_that_runs_jobs(played: Played) -> None:
    runs = played(results=answer(result="resumed"))
    runner.invoke(app, ["resume", "@all"])
    assert runs.asked[0].options.extra["provision_drain"]["nodes"] == ["bld-008", "bld-011"]


def test_waits_for_jobs_without_draining_again(monkeypatch: pytest.MonkeyPatch, played: Played) -> None:
    runs = played(results=answer("17", "23"))
    rest = [answer("23", told=False), answer("23", told=False), answer(told=False)]

    def later(asked: PlaybookRun, console: Console) -> converge.Finished:
        finished: converge.Finished = runs(asked, console)
        runs.results = rest.pop(0) if rest else runs.results
        return finished

    monkeypatch.setattr("provisioner.run.converge.look", later)
    done = runner.invoke(app, ["drain", "BLD-008", "--wait", "2h"])
    assert done.exit_code == 0, done.stdout
    assert done.stdout.splitlines() == [
        "BLD-008: drained; jobs on it go on: 17, 23",
        "waits for 2 jobs on BLD-008, at most 1 h 59 min",
        "waits for 1 job on BLD-008, at most 1 h 59 min",
    ]
    assert [each.options.check for each in runs.asked] == [False, True, True, True]


def test_ends_with_1_when_the_time_is_over(played: Played) -> None:
    played(results=answer("17", told=False))
    done = runner.invoke(app, ["drain", "BLD-008", "--wait", "0s", "--json"])
    assert done.exit_code == 0, "no time to wait is no waiting"
    done = runner.invoke(app, ["drain", "BLD-008", "--wait", "1s", "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert "the time is over" in found["why"]
    assert found["nodes"]["BLD-008"]["jobs"] == [17]


def test_whoever_resumed_it_meanwhile_had_a_reason(played: Played) -> None:
    played(results=answer("17"))
    done = runner.invoke(app, ["drain", "BLD-008", "--wait", "1h"])
    assert done.exit_code == 1
    assert "somebody has resumed BLD-008 meanwhile" in done.stdout


def test_a_drain_that_stays_is_a_failure_of_resume(played: Played) -> None:
    played(results=answer(result="kept", told=False))
    done = runner.invoke(app, ["resume", "BLD-008", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["nodes"]["BLD-008"]["result"] == "kept"


@pytest.mark.parametrize(
    "words",
    [["drain", "BLD-008", "--reason", " "], ["drain", "BLD-008", "--reason", "a\nb"],
     ["drain", "BLD-008", "--reason", "x" * 201], ["drain", "BLD-008", "--wait", "soon"],
     ["drain", "BLD-099"], ["drain", "BLD-016"]],
)  # fmt: skip
def test_bad_words_are_refused_before_anything_is_asked(played: Played, words: list[str]) -> None:
    runs = played(results=answer())
    done = runner.invoke(app, words)
    assert isinstance(done.exception, UsageError)
    assert runs.asked == []
