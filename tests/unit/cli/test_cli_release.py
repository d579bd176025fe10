"""`provision release` and `provision replace` over played blades."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from provisioner.cli.drain_command import TASK
from provisioner.cli.leaving import LEAVE_TASK
from provisioner.cli.main import app
from provisioner.cli.replace import BOARD_TASK, REGISTRY_TASK
from provisioner.errors import ProvisionError, UsageError
from provisioner.run import converge
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.request import PlaybookRun
from provisioner.slurm.registry import write_registry
from tests.unit.slurm.node_makers import record

Played = Callable[..., Any]
runner = CliRunner()
PARTS = {"serial": "CZ3222", "links": {}, "disks": {}, "warnings": []}
BOARD = {"machine_id": "b" * 32, "cpu": {"cpus": 16, "model": "E5-2690"}, "memory_mib": 32000, "parts": PARTS}


@pytest.fixture(autouse=True)
def _here(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb finds the plan of the test."""
    monkeypatch.setenv("LOGNAME", "eve")


def answers(*jobs: str, result: str = "drained", name: str = "bld-008", **left: Any) -> dict[str, Any]:
    node = {"name": name, "result": result, "told": True, "states": ["DRAIN", "IDLE"], "reason": "r", "by": "root"}
    drained = {"nodes": [node], "running": [[job, name] for job in jobs]}
    return {"bld-006": {TASK: drained}, **({name: {LEAVE_TASK: left}} if left else {})}


@pytest.mark.parametrize(("words", "agreed"), [([], None), (["--yes"], "any")])
def test_jobs_that_wait_for_the_blade_are_given_up_by_a_word_alone(
    words: list[str], agreed: str | None, played: Played
) -> None:
    runs = played(results=answers(told=[], stays=[]))
    done = runner.invoke(app, ["release", "BLD-008", *words])
    assert done.exit_code == 0, done.output
    assert runs.asked[2].options.extra.get("provision_may_end") == agreed


def test_drains_takes_out_and_ends_slurmd(played: Played) -> None:
    runs = played(results=answers(told=["unit slurmd.service: running -> stopped"], stays=["munge", "\x1b[2J"]))
    done = runner.invoke(app, ["release", "BLD-008", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)["nodes"]["BLD-008"]
    assert (said["result"], said["stays"]) == ("released", ["munge"])
    assert [each.playbook for each in runs.asked] == ["drain.yml", "disks.yml", "slurm.yml", "release.yml"]
    drained, _, out, last = runs.asked
    assert base64.b64decode(drained.options.extra["provision_drain"]["reason_b64"]) == b"release (eve)"
    assert (out.blades, out.options.extra["slurmctld_forget"]) == ([], ["bld-008"])
    noted = json.loads(base64.b64decode(out.options.extra["slurmctld_forget_noted"]))
    assert noted == {"bld-008": {"by": "eve", "disks": None}}
    assert last.blades == ["BLD-008"]


def test_a_blade_with_jobs_stays_a_member(played: Played) -> None:
    runs = played(results=answers("17"))
    done = runner.invoke(app, ["release", "BLD-008"])
    assert done.exit_code == 1
    assert "jobs are on it (17), so it is still a member" in done.output
    assert [each.playbook for each in runs.asked] == ["drain.yml"]


def test_a_check_changes_nothing(played: Played) -> None:
    runs = played(results=answers("17", told=[], stays=[]))
    done = runner.invoke(app, ["release", "BLD-008", "--check"])
    assert done.exit_code == 0, done.output
    assert "BLD-008: would be released" in done.output
    assert [each.options.check for each in runs.asked if each.playbook != "disks.yml"] == [True, True, True]


def test_a_blade_without_a_role_is_released_too(played: Played) -> None:
    played(results=answers(result="missing", name="bld-016", told=[], stays=[]))
    done = runner.invoke(app, ["release", "BLD-016"])
    assert done.exit_code == 0, done.output
    assert "still lets" not in done.output


def test_without_the_controller_nothing_is_called_released(monkeypatch: pytest.MonkeyPatch, played: Played) -> None:
    runs = played(results=answers(told=[], stays=[]))
    broken = BladeState(failure=Diagnosis("it does not answer", "is it on?"))

    def later(asked: PlaybookRun, console: Console) -> converge.Finished:
        finished: converge.Finished = runs(asked, console)
        blades = {"BLD-006": broken} if asked.playbook == "release.yml" else {}
        return replace(finished, outcome=replace(finished.outcome, blades=blades))

    monkeypatch.setattr(converge, "converge", later)
    done = runner.invoke(app, ["release", "BLD-008"])
    assert done.exit_code == 1, done.output
    assert "nobody looked at its slurmd: it does not answer" in done.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["BLD-006"], "is the controller"),
        (["BLD-099"], "neither in the plan nor in the cluster"),
        (["@none"], "no tier"),
    ],
)
def test_what_makes_no_sense_is_refused(played: Played, words: list[str], why: str) -> None:
    played(results=answers())
    done = runner.invoke(app, ["release", *words])
    assert isinstance(done.exception, UsageError)
    assert why in str(done.exception)


def boards(serial: str = "CZ3111", **board: Any) -> dict[str, Any]:
    parts = {"serial": serial, "links": {}, "disks": {}}
    old = {**record(), "cpu_model": "E5-2690", "machine_id": "a" * 32, "parts": parts}
    other = {**record(), "machine_id": "c" * 32, "parts": {**parts, "serial": "CZ3333"}}
    registry = write_registry({"bld-008": old, "bld-011": other}, "demo")
    return {"bld-006": {REGISTRY_TASK: {"stdout": registry}}, "bld-008": {BOARD_TASK: {"board": {**BOARD, **board}}}}


def test_a_board_is_shown_old_against_new_and_asked_for(played: Played) -> None:
    runs = played(results=boards())
    shown = runner.invoke(app, ["replace", "BLD-008", "--check"])
    assert shown.exit_code == 0, shown.output
    assert "serial number: CZ3111 -> CZ3222" in shown.output
    assert "processor: E5-2690 (the same)" in shown.output
    asked = runner.invoke(app, ["replace", "BLD-008"])
    assert isinstance(asked.exception, UsageError)
    assert [each.playbook for each in runs.asked] == ["replace.yml", "replace.yml"]


def test_an_accepted_board_becomes_a_member(played: Played) -> None:
    runs = played(results=boards())
    done = runner.invoke(app, ["replace", "BLD-008", "--yes", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["accepted"] is True
    assert runs.asked[-1].blades == ["BLD-008"]
    assert runs.asked[-1].options.extra == {"slurmctld_accept_hardware": ["bld-008"]}


REFUSED = {
    "the same serial number": (boards("CZ3222"), "is the one on record"),
    "of another blade": (boards(parts={**PARTS, "serial": "CZ3333"}), "is the one of bld-011"),
    "a copied disk": (boards(machine_id="c" * 32), "has the machine-id of bld-011"),
    "of another shape": (boards(memory_mib=-1), "what it says of its board"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_new_board_is_refused(played: Played, case: str) -> None:
    results, why = REFUSED[case]
    played(results=results)
    done = runner.invoke(app, ["replace", "BLD-008", "--yes"])
    assert isinstance(done.exception, ProvisionError)
    assert why in str(done.exception)


@pytest.mark.parametrize("words", [["--yes"], []], ids=["refused", "not accepted"])
def test_the_key_on_record_counts_until_the_board_is_accepted(
    site: Path, played: Played, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    results = boards("CZ3222") if words else boards()
    runs = played(results=results)
    file = site / "state" / "provision" / "demo" / "known_hosts"
    file.parent.mkdir(parents=True)
    file.write_text("10.20.0.108 ssh-ed25519 AAAA\n")
    other = BladeState(failure=Diagnosis("it shows another SSH host key", "announce it"))

    def met(asked: PlaybookRun, console: Console) -> converge.Finished:
        """The first time it is refused; then ssh writes down what it shows."""
        finished: converge.Finished = runs(asked, console)
        if len(runs.asked) == 1:
            blades = {"BLD-008": other}
            return replace(finished, outcome=replace(finished.outcome, blades=blades))
        file.write_text("10.20.0.108 ssh-ed25519 BBBB\n")
        return finished

    monkeypatch.setattr(converge, "look", met)
    assert isinstance(runner.invoke(app, ["replace", "BLD-008", *words]).exception, ProvisionError)
    assert len(runs.asked) == 2
    assert file.read_text() == "10.20.0.108 ssh-ed25519 AAAA\n"


@pytest.mark.parametrize("name", ["BLD-006", "@thin"])
def test_it_takes_one_compute_blade(played: Played, name: str) -> None:
    played(results=boards())
    assert isinstance(runner.invoke(app, ["replace", name]).exception, UsageError)
