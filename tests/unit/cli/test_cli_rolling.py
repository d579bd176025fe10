"""`provision slurm --rolling` over a played cluster: what is asked for, refused, shown and told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import BusyError, ProvisionError, UsageError
from provisioner.run import converge
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.owner import this_owner
from provisioner.run.request import PlaybookRun
from provisioner.run.roll_steps import TASK

Played = Callable[..., Any]
runner = CliRunner()
ROLL = ["slurm", "--rolling"]


def node(name: str, *states: str, reason: str = "") -> dict[str, Any]:
    return {
        "name": name, "states": list(states) or ["IDLE"], "silent": False, "version": "24.11.5", "reason": reason,
        "partitions": ["all"], "boot": "2026-11-27T01:00:00",
    }  # fmt: skip


NODES = [node("bld-006"), node("bld-008"), node("bld-011"), node("bld-012")]


@pytest.fixture
def cluster(site: Path, played: Played, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The controller's answer to each step, and what differs on blades."""
    monkeypatch.setenv("LOGNAME", "eve")
    runs = played()
    runs.answer = {"nodes": NODES, "running": [], "result": {}, "note": {}, "age": 0, "ours": True}
    runs.blades = {"BLD-008": BladeState(lines=["file /etc/hosts: content"])}

    def play(asked: PlaybookRun, console: Console) -> converge.Finished:
        finished: converge.Finished = runs(asked, console)
        outcome = replace(finished.outcome, blades=runs.blades)
        return replace(finished, outcome=outcome, results={"bld-006": {TASK: runs.answer}})

    monkeypatch.setattr(converge, "look", play)
    monkeypatch.setattr(converge, "converge", play)
    return runs


def steps(runs: Any) -> list[str]:
    return [
        each.options.extra["provision_roll"]["do"]
        if each.playbook == "rolling.yml"
        else each.playbook + (" --check" if each.options.check else "")
        for each in runs.asked
    ]


def test_a_check_shows_the_batches_and_touches_nothing(cluster: Any) -> None:
    done = runner.invoke(app, [*ROLL, "--reboot", "--max-unavailable", "2", "--check", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["batches"] == [["BLD-008", "BLD-011"]]
    assert steps(cluster) == ["look", "slurm.yml --check"]


def test_nothing_is_touched_where_nothing_differs(cluster: Any) -> None:
    cluster.blades = {}
    done = runner.invoke(app, [*ROLL, "--json"])
    assert done.exit_code == 0, done.output
    assert steps(cluster) == ["look", "slurm.yml --check"]
    assert json.loads(done.stdout)["rolling"]["batches"] == []


def test_another_one_at_work_is_left_alone(cluster: Any) -> None:
    other = {**this_owner("20261127T010000Z-1", 1), "at_work": True}
    cluster.answer = {**cluster.answer, "note": other, "age": 60.0}
    done = runner.invoke(app, ROLL)
    assert isinstance(done.exception, BusyError)
    assert "another rolling run works on cluster demo: 20261127T010000Z-1 by eve@" in str(done.exception)
    assert steps(cluster) == ["look"]


def test_a_controller_that_does_not_answer_is_said(cluster: Any) -> None:
    cluster.answer = None
    cluster.blades = {"BLD-006": BladeState(failure=Diagnosis("it does not answer", "is it on?"))}
    done = runner.invoke(app, ROLL)
    assert isinstance(done.exception, ProvisionError)
    assert str(done.exception) == "BLD-006: it does not answer"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([*ROLL, "--max-unavailable", "none"], "no number of nodes above 0"),
        ([*ROLL, "--max-unavailable", "0"], "no number of nodes above 0"),
        ([*ROLL, "--per", "rack"], "knows nothing but enclosure"),
        ([*ROLL, "--per", "enclosure"], "names no enclosures"),
        ([*ROLL, "--wait", "soon"], "is no time"),
        ([*ROLL, "--from-start"], "is for --reboot"),
        ([*ROLL, "--full"], "--rolling comes without"),
        ([*ROLL, "--scheduled"], "--rolling comes without"),
        ([*ROLL, "--forget", "BLD-008"], "--rolling comes without"),
        ([*ROLL, "--nodes", "BLD-099"], "not in the plan"),
        (["slurm", "--reboot"], "goes with --rolling"),
        (["slurm", "--max-unavailable", "2", "--keep-going"], "--max-unavailable, --keep-going goes with --rolling"),
    ],
)
def test_what_makes_no_sense_is_refused(cluster: Any, words: list[str], why: str) -> None:
    done = runner.invoke(app, words)
    assert isinstance(done.exception, UsageError), done.output
    assert why in str(done.exception)
    assert steps(cluster) in ([], ["look"])
