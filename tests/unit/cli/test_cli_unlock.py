"""`provision unlock` over a played controller: it shows, warns, asks, and removes the lock that it has shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import ExitCode, UsageError

Played = Callable[..., Any]
runner = CliRunner()
HOLDER = {"run": "20261125T101500Z-7", "by": "alice", "at": "desk", "age": 200, "token": "abc", "address": "10.20.0.1"}


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def lock(holder: dict[str, Any], removed: bool = False) -> dict[str, Any]:
    return {"bld-006": {"Look at the lock": {"holder": holder, "changed": removed}}}


def test_says_that_nobody_holds_it(played: Played) -> None:
    runs = played(results=lock({}))
    done = runner.invoke(app, ["unlock", "--yes"])
    assert (done.exit_code, done.stdout) == (0, "no run holds the lock of cluster demo\n")
    assert [each.playbook for each in runs.asked] == ["unlock.yml"], "there is nothing to remove"


def test_never_removes_it_in_silence(played: Played) -> None:
    runs = played(results=lock(HOLDER))
    done = runner.invoke(app, ["unlock"])
    assert isinstance(done.exception, UsageError)
    assert "--yes" in done.exception.next_step
    assert "20261125T101500Z-7 by alice@desk (10.20.0.1)" in done.stdout
    assert "only if that one is dead" in done.stdout
    assert [each.options.extra for each in runs.asked] == [{}]


def test_removes_what_it_has_shown_and_no_later_lock(played: Played) -> None:
    runs = played(results=lock(HOLDER, removed=True))
    done = runner.invoke(app, ["unlock", "--yes"])
    assert done.exit_code == 0
    assert "only if that one is dead" in done.stdout
    assert done.stdout.endswith("the lock is removed\n")
    assert [each.options.extra for each in runs.asked] == [{}, {"provision_unlock": "abc"}]


def test_says_when_the_lock_was_another_ones_by_then(played: Played) -> None:
    played(results=lock(HOLDER, removed=False))
    done = runner.invoke(app, ["unlock", "--yes"])
    assert done.exit_code == int(ExitCode.BUSY)
    assert "another run's by now" in done.stdout


def test_json_shows_without_removing(played: Played) -> None:
    runs = played(results=lock(HOLDER))
    done = runner.invoke(app, ["unlock", "--json"])
    assert done.exit_code == int(ExitCode.BUSY)
    answer = json.loads(done.stdout)
    assert answer["removed"] is False
    assert answer["holder"] == {
        "run": "20261125T101500Z-7",
        "by": "alice",
        "at": "desk",
        "address": "10.20.0.1",
        "age": 200,
    }
    assert len(runs.asked) == 1
    played(results=lock({}))
    assert json.loads(runner.invoke(app, ["unlock", "--json"]).stdout) == {
        "cluster": "demo", "holder": None, "removed": False,
    }  # fmt: skip


def test_json_with_yes_removes(played: Played) -> None:
    played(results=lock(HOLDER, removed=True))
    done = runner.invoke(app, ["unlock", "--json", "--yes"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["removed"] is True


def test_a_controller_that_does_not_answer_is_a_failure(played: Played) -> None:
    played(ExitCode.FAILED)
    assert runner.invoke(app, ["unlock", "--yes"]).exit_code == int(ExitCode.FAILED)
