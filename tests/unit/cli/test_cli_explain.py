"""`provision explain` over answers of its own: what is asked, the page, exit codes, hostile words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import ExitCode, UsageError
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from tests.unit.cli.test_hostile_text import WORDS, harmless
from tests.unit.explain.good import good

Played = Callable[..., Any]
runner = CliRunner()
LOST = BladeState(failure=Diagnosis("it does not answer", "look at {blade}"), unreachable=True)


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def results(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "bld-008": {"Ask": {"ansible_facts": found["facts"]}},
        "bld-006": {"Ask": {"ansible_facts": found["controller_facts"]}},
    }


def test_a_blade_in_order_is_said_to_be_so(played: Played) -> None:
    runs = played(results=results(good()), BLD_006=BladeState(), BLD_008=BladeState())
    done = runner.invoke(app, ["explain", "bld-008"])
    assert done.exit_code == 0, done.output
    assert "BLD-008: nothing is wrong" in done.stdout
    asked = runs.asked[0]
    assert (asked.playbook, asked.blades, asked.options.check) == ("explain.yml", ["BLD-008"], True)
    assert asked.options.extra["provision_explain"] == {"node": "bld-008"}


def test_a_cause_ends_the_page_with_the_next_command(played: Played) -> None:
    found = good()
    found["facts"]["node_evidence"] |= {"munge": 6, "credential": ""}
    played(results=results(found), BLD_006=BladeState(), BLD_008=BladeState())
    done = runner.invoke(app, ["explain", "BLD-008"])
    assert done.exit_code == 3
    cause, step = done.stdout.rstrip().splitlines()[-2:]
    assert cause == "BLD-008: munge does not run on it"
    assert step.startswith("  next: `provision slurm --nodes BLD-008`")


def test_scripts_get_the_cause_and_no_credential(played: Played) -> None:
    found = good()
    found["facts"]["state_pending"] = [{"line": "file /etc/hosts: content"}]
    played(results=results(found), BLD_006=BladeState(), BLD_008=BladeState())
    done = runner.invoke(app, ["explain", "BLD-008", "--json"])
    data = json.loads(done.stdout)
    assert (data["exit_code"], data["cause"]["key"], data["in_sync"]) == (3, "drift", False)
    assert "MUNGE:" not in done.stdout


def test_nobody_answers(played: Played) -> None:
    played(ExitCode.FAILED, BLD_006=LOST, BLD_008=LOST)
    done = runner.invoke(app, ["explain", "BLD-008"])
    assert done.exit_code == 1
    assert "BLD-008: it does not answer\n  next: look at BLD-008\n" in done.stdout
    assert "the controller BLD-006 cannot be asked" in done.stdout


def test_a_blade_that_nobody_knows(played: Played) -> None:
    found = good()
    found["controller_facts"]["cluster_evidence"] |= {"node": {}, "record": {}}
    runs = played(results=results(found), BLD_006=BladeState())
    done = runner.invoke(app, ["explain", "bld-099"])
    assert runs.asked[0].blades == []
    assert isinstance(done.exception, UsageError)
    assert "neither the plan nor Slurm has bld-099" in str(done.exception)


@pytest.mark.parametrize("name", ["", "$(id)", "../x", "BLD-[001-002]", "x\x1b[2J", "all"])
def test_what_is_no_name_is_refused_before_anybody_is_asked(played: Played, name: str) -> None:
    runs = played()
    done = runner.invoke(app, ["explain", name])
    assert isinstance(done.exception, UsageError), done.output
    assert str(done.exception).isprintable()
    assert runs.asked == []


@pytest.mark.parametrize("name", WORDS)
def test_hostile_words_are_only_words(played: Played, name: str) -> None:
    words, found = WORDS[name], good()
    here, cluster = found["facts"]["node_evidence"], found["controller_facts"]["cluster_evidence"]
    here["logs"] = {"slurmd": [words], "munge": [words], "kernel": [words]}
    here |= {"health": words, "host_name": words, "read_only": [words]}
    cluster["log"] = [words]
    cluster["node"] |= {"reason": words, "by": words, "since": words, "owner": "admin", "problems": [words]}
    found["facts"]["state_pending"] = [{"line": words}]
    found["facts"]["provision_notes"] = [words]
    played(results=results(found), BLD_006=BladeState(), BLD_008=BladeState())
    done = runner.invoke(app, ["explain", "BLD-008"])
    assert done.exit_code == 3, done.output
    harmless(done.stdout)
    assert json.loads(runner.invoke(app, ["explain", "BLD-008", "--json"]).stdout)["slurm"]["node"]["reason"] == words
