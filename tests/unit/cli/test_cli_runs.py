"""`provision runs` over records of a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import UsageError
from provisioner.paths import state_dir
from provisioner.run.record import write_record

runner = CliRunner()


def blade(*changed: str, **more: Any) -> dict[str, Any]:
    return {"changed": list(changed), "notes": [], "skipped": "", "failure": None, **more}


@pytest.fixture(autouse=True)
def records(site: Path) -> None:
    """Three runs over the plan of the test."""
    state = state_dir("demo")
    rest = {"playbook": "slurm.yml", "check": False, "by": "eve@desk", "meaning": "all converged", "exit_code": 0}
    write_record(
        state, "20261124T101500Z-1", {**rest, "seconds": 61, "changed": 1, "blades": {"BLD-008": blade("a -> b")}}
    )
    failed = {"message": "it is off", "next_step": "look at it"}
    hostile = {"BLD-011": blade(failure=failed), "BLD-008": blade(notes=["\x1b[31m[red]a\nnext: rm -rf /"])}
    write_record(state, "20261125T101500Z-2", {**rest, "exit_code": 3, "meaning": "degraded", "blades": hostile})
    write_record(state, "20261126T101500Z-3", {**rest, "blades": {"BLD-011": blade()}})


def test_lists_the_newest_first() -> None:
    done = runner.invoke(app, ["runs"])
    assert done.exit_code == 0
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["run", "began", "took", "by", "what", "result"]
    assert [row.split()[0] for row in rows] == ["20261126T101500Z-3", "20261125T101500Z-2", "20261124T101500Z-1"]
    assert rows[1].rstrip().endswith("nothing changed; BLD-011 failed")
    assert "1 min 1 s" in rows[2]
    assert "changed 1 thing on BLD-008" in rows[2]


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        (["--last", "1"], ["3"]),
        (["--node", "BLD-008"], ["2", "1"]),
        (["--nodes", "BLD-011", "--changed"], ["2"]),
        (["--changed"], ["2", "1"]),
    ],
)
def test_answers_scripts(words: list[str], runs: list[str]) -> None:
    done = runner.invoke(app, ["runs", "--json", *words])
    assert [each["run"].split("-")[1] for each in json.loads(done.stdout)["runs"]] == runs


def test_shows_one_run_and_no_word_of_a_blade_is_more_than_text() -> None:
    done = runner.invoke(app, ["runs", "show", "20261125T101500Z-2"])
    assert done.exit_code == 0
    assert "slurm by eve@desk" in done.stdout
    assert "  failed: it is off; next: look at it" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\nnext:" not in done.stdout
    assert "[red]a" in done.stdout


def test_last_is_the_newest() -> None:
    done = runner.invoke(app, ["runs", "show", "last", "--json"])
    assert json.loads(done.stdout)["run"] == "20261126T101500Z-3"


@pytest.mark.parametrize("run", ["20261127T101500Z-9", "../lock", ""])
def test_what_is_no_run_is_said(run: str) -> None:
    done = runner.invoke(app, ["runs", "show", run])
    assert isinstance(done.exception, UsageError)


def test_without_any_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "none"))
    done = runner.invoke(app, ["runs"])
    assert (done.exit_code, done.stdout) == (0, "no such runs of this account over cluster demo\n")
