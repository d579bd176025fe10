"""`provision report` over a played Ansible: the file, the words, the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import ExitCode, StoppedError, UsageError
from provisioner.paths import state_dir
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.record import write_record
from tests.unit.report.reading import read_page

Played = Callable[..., Any]
runner = CliRunner()
ANSWER = {
    "bld-006": {
        "Ask slurmctld": {
            "up": True,
            "nodes": [["bld-008", "MIXED", "4/12/0/16", "16000", "24.11.5", "none", "Unknown", "Unknown", ""]],
            "running": [["17", "bld-008"]],
            "pending": 2,
        },
        "Ask which packages the members have": {"stdout": "13\n"},
    }
}


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def test_writes_the_page(played: Played, site: Path) -> None:
    runs = played(results=ANSWER, BLD_006=BladeState())
    done = runner.invoke(app, ["report", "--html", "report.html"])
    assert done.exit_code == 0, done.output
    assert done.stdout == "report.html: 4 blades: 1 busy, 1 service, 2 out\n"
    buttons = read_page((site / "report.html").read_text()).texts("button")
    assert "8 BLD-008 mixed 1 job" in buttons
    assert runs.asked[0].playbook == "status.yml"


def test_answers_scripts(played: Played, site: Path) -> None:
    played(results=ANSWER, BLD_006=BladeState())
    said = json.loads(runner.invoke(app, ["report", "--json"]).stdout)
    assert (said["exit_code"], said["file"]) == (0, None)
    assert said["page"]["cards"]["BLD-008"]["look"] == {"kind": "busy", "word": "mixed"}
    assert not list(site.glob("*.html"))


def test_without_the_controller_there_is_a_page_of_what_is_known(played: Played, site: Path) -> None:
    record = {"playbook": "slurm.yml", "exit_code": 0, "changed": 1, "blades": {"BLD-008": {"changed": ["a -> b"]}}}
    write_record(state_dir("demo"), "20261124T101500Z-1", record)
    lost = BladeState(failure=Diagnosis("it does not answer", "look at {blade}"), unreachable=True)
    played(ExitCode.FAILED, BLD_006=lost)
    done = runner.invoke(app, ["report", "--html", "report.html"])
    assert done.exit_code == 3
    assert "The controller BLD-006 did not answer: it does not answer; next: look at BLD-006" in done.stdout
    text = read_page((site / "report.html").read_text()).all
    assert "a -> b" in text


def test_who_stops_it_gets_no_page(played: Played, site: Path) -> None:
    played(ExitCode.STOPPED)
    done = runner.invoke(app, ["report", "--html", "report.html"])
    assert isinstance(done.exception, StoppedError)
    assert not (site / "report.html").exists()


@pytest.mark.parametrize(
    "words", [[], ["--html", "plan.yml"], ["--html", "."], ["--html", "no/where.html"], ["--html", ""]]
)
def test_a_slip_asks_nobody(played: Played, site: Path, words: list[str]) -> None:
    runs = played(results=ANSWER)
    before = (site / "plan.yml").read_text()
    done = runner.invoke(app, ["report", *words])
    assert isinstance(done.exception, UsageError), done.output
    assert done.exception.next_step
    assert runs.asked == []
    assert (site / "plan.yml").read_text() == before
