"""`provision accounts` over a played Ansible: what it asks of it, what it prints, how it exits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.accounts.load import AccountsError
from provisioner.cli.main import app, whole
from provisioner.errors import ProvisionError, UsageError
from provisioner.run.request import runner_call

Played = Callable[..., Any]
runner = CliRunner()
FILE = "accounts:\n  physics: {}\nusers:\n  ada: {uid: 2001, accounts: physics}\n"
TASK, ASKED = "Bring the accounts about", "Ask what Slurm has"
DONE = {"commands": ["sacctmgr --immediate add account name=physics cluster=demo"], "notes": [], "jobs": []}


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """With an accounts file beside the plan."""
    (site / "accounts.yml").write_text(FILE)


def answered(task: str, **more: Any) -> dict[str, Any]:
    return {"bld-006": {task: {**DONE, **more}}}


def test_the_commands_are_shown_and_the_file_is_handed_on(played: Played, site: Path) -> None:
    runs = played(results=answered(TASK))
    done = runner.invoke(app, ["accounts", "--check"])
    assert done.exit_code == 0, done.output
    assert "add account name=physics" in done.output
    assert "1 command, nothing was touched" in done.output
    (asked,) = runs.asked
    assert (asked.playbook, asked.options.check) == ("accounts.yml", True)
    assert asked.options.extra == {"provision_prune": -1}


def test_nothing_to_do_is_said(played: Played) -> None:
    played(results=answered(TASK, commands=[]))
    assert "Slurm has what is declared" in runner.invoke(app, ["accounts"]).output


@pytest.mark.parametrize(("words", "most"), [(["--prune"], 20), (["--prune=30"], 30)])
def test_a_prune_has_a_limit(played: Played, words: list[str], most: int) -> None:
    runs = played(results=answered(TASK))
    assert runner.invoke(app, whole(["accounts", *words])).exit_code == 0
    assert runs.asked[0].options.extra["provision_prune"] == most


@pytest.mark.parametrize("number", ["-1", "many", "", "99999999"])
def test_a_limit_is_a_number(played: Played, number: str) -> None:
    played(results=answered(TASK))
    done = runner.invoke(app, ["accounts", f"--prune={number}"])
    assert isinstance(done.exception, UsageError)


def test_troubles_are_told_with_their_step_and_exit_1(played: Played) -> None:
    played(results=answered(TASK, troubles=["26 things would be removed; next: say --prune=26"]))
    done = runner.invoke(app, ["accounts", "--json"])
    assert done.exit_code == 1
    assert "provision: 26 things would be removed\n  next: say --prune=26" in done.stderr
    assert json.loads(done.stdout)["troubles"]


def test_without_a_file_or_without_accounting_there_is_nothing_to_do(played: Played, site: Path) -> None:
    played(results=answered(TASK))
    (site / "accounts.yml").unlink()
    done = runner.invoke(app, ["accounts"])
    assert isinstance(done.exception, UsageError)
    assert "--export" in done.exception.next_step
    plan = site / "plan.yml"
    plan.write_text(f"accounting: false\n{plan.read_text()}")
    assert isinstance(runner.invoke(app, ["accounts", "--export"]).exception, UsageError)


@pytest.mark.parametrize("verb", [["accounts"], ["slurm"], ["check"], ["status"]])
def test_a_mistake_in_the_file_stops_before_anything_is_asked(played: Played, site: Path, verb: list[str]) -> None:
    runs = played(results=answered(TASK))
    (site / "accounts.yml").write_text("users:\n  ada: {}\n")
    done = runner.invoke(app, verb)
    assert isinstance(done.exception, AccountsError)
    assert done.exception.lines == ["accounts.yml:2:3: user ada has no uid; add `uid:`, the same on every node, or "
                                    "`unix: false`"]  # fmt: skip
    assert runs.asked == []


def test_every_run_is_handed_the_file(played: Played, site: Path) -> None:
    runs = played()
    runner.invoke(app, ["slurm"])
    call = runner_call(runs.asked[0], Path("/assets"))
    assert call.inventory["all"]["vars"]["provision_accounts"] == str((site / "accounts.yml").resolve())


def test_the_export_is_a_file_of_its_own(played: Played, site: Path) -> None:
    row = "|".join(["physics", "", "", "root", "7", *[""] * 16])
    answers = {"qos": "", "users": "", "associations": row}
    runs = played(results={"bld-006": {ASKED: {"answers": answers, "people": {}}}})
    done = runner.invoke(app, ["accounts", "--export"])
    assert done.exit_code == 0, done.output
    assert "physics:\n    fairshare: 7" in done.stdout
    assert runs.asked[0].options.check, "an export changes nothing and takes no lock"
    assert json.loads(runner.invoke(app, ["accounts", "--export", "--json"]).stdout) == {
        "accounts": {"physics": {"fairshare": 7}}
    }


def test_an_export_without_a_database_is_one_sentence(played: Played) -> None:
    played(results={"bld-006": {ASKED: {"troubles": ["slurmdbd does not answer; next: look at it"]}}})
    done = runner.invoke(app, ["accounts", "--export"])
    assert isinstance(done.exception, ProvisionError)
    assert (done.exception.message, done.exception.next_step) == ("slurmdbd does not answer", "look at it")


def test_the_schema_of_the_file_is_there(played: Played) -> None:
    assert json.loads(runner.invoke(app, ["schema", "--accounts"]).stdout)["title"] == "provision: users and accounts"


def test_only_accounts_has_half_a_value_completed() -> None:
    words = ["lab", "ssh", "BLD-008", "--", "git", "fetch", "--prune"]
    assert whole(words) == words
