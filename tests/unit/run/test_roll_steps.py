"""The single steps of a rolling run: what is asked of Ansible, and what its answers mean."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from provisioner.errors import BusyError, ExitCode, ProvisionError, StoppedError
from provisioner.plan.model import Plan
from provisioner.run import converge, roll_steps
from provisioner.run.converge import Finished
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.outcome import Outcome
from provisioner.run.request import Options, PlaybookRun
from provisioner.run.roll_steps import TASK, Steps, troubles

RUN = "20261127T013000Z-4711"
GOOD = {"nodes": [], "running": [], "result": {}, "note": {}, "age": 0, "ours": True}
BROKEN = BladeState(failure=Diagnosis("it does not answer", "is it on?"))


class Ansible:
    """Stands for the blades."""

    def __init__(self) -> None:
        self.asked: list[PlaybookRun] = []
        self.answer: dict[str, Any] | None = GOOD
        self.outcome = Outcome(ExitCode.OK, {}, {}, 1.0)
        self.busy = 0

    def __call__(self, asked: PlaybookRun, console: Console) -> Finished:
        self.asked.append(asked)
        self.busy -= 1
        if self.busy >= 0:
            raise BusyError("another run works on cluster demo", "wait for it")
        return Finished(self.outcome, {"bld-006": {TASK: self.answer}} if self.answer is not None else {})


@pytest.fixture
def ansible(monkeypatch: pytest.MonkeyPatch) -> Ansible:
    made = Ansible()
    monkeypatch.setattr(converge, "look", made)
    monkeypatch.setattr(converge, "converge", made)
    monkeypatch.setattr(roll_steps, "_AGAIN_SECONDS", 0)
    return made


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def steps(site: Plan, plan_file: Path, said: list[str]) -> Steps:
    extra = {"provision_upgrade": True}
    return Steps(site, plan_file, Console(), True, RUN, Options(forks=4), extra, said.append)


def test_a_step_asks_the_controller_alone_and_says_whose_it_is(ansible: Ansible, steps: Steps) -> None:
    steps.ask("take", ["bld-008"], "drain: {{ 7 * 7 }}", wait=3)
    (asked,) = ansible.asked
    assert (asked.blades, asked.playbook, asked.recorded) == ([], "rolling.yml", False)
    roll = asked.options.extra["provision_roll"]
    assert (roll["do"], roll["nodes"], roll["wait"], roll["owner"]["run"]) == ("take", ["bld-008"], 3, RUN)
    assert base64.b64decode(roll["words_b64"]).decode() == f"{RUN} drain: {{{{ 7 * 7 }}}}"


def test_a_look_at_what_differs_changes_nothing_and_goes_by_new_lists(ansible: Ansible, steps: Steps) -> None:
    steps.differences(["BLD-008"])
    (asked,) = ansible.asked
    assert (asked.playbook, asked.options.check, asked.options.forks, asked.recorded) == ("slurm.yml", True, 4, False)
    assert asked.options.extra == {"provision_upgrade": True, "provision_fetch_lists": True}


def test_a_change_waits_for_another_run_and_says_so_once(ansible: Ansible, steps: Steps, said: list[str]) -> None:
    ansible.busy = 3
    steps.change(["BLD-008"])
    assert said == ["another run works on cluster demo; waits for it"]
    assert len(ansible.asked) == 4
    assert not ansible.asked[-1].options.check


def test_it_does_not_wait_for_ever(ansible: Ansible, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_steps, "BUSY_SECONDS", -1)
    ansible.busy = 3
    with pytest.raises(ProvisionError, match="another run works"):
        steps.change(["BLD-008"])


def test_what_the_controller_does_not_say_is_an_error(ansible: Ansible, steps: Steps) -> None:
    ansible.answer = None
    ansible.outcome = Outcome(ExitCode.FAILED, {"BLD-006": BROKEN}, {}, 1.0)
    with pytest.raises(ProvisionError, match="BLD-006: it does not answer"):
        steps.ask("hear")
    ansible.outcome = Outcome(ExitCode.STOPPED, {}, {}, 1.0, interrupted=True)
    with pytest.raises(StoppedError):
        steps.ask("hear")
    ansible.answer, ansible.outcome = {**GOOD, "ours": False}, Outcome(ExitCode.OK, {}, {}, 1.0)
    with pytest.raises(BusyError):
        steps.ask("take", ["bld-008"], "drain")


def test_who_is_in_trouble_and_why() -> None:
    hostile = BladeState(failure=Diagnosis("\x1b[2J next: rm -rf /", "is it on?"))
    outcome = Outcome(ExitCode.DEGRADED, {"BLD-006": BladeState(), "BLD-008": hostile, "BLD-011": BladeState()}, {}, 1)
    found = troubles(outcome, ["BLD-008", "BLD-011"], "BLD-006")
    assert list(found) == ["BLD-008"]
    assert found["BLD-008"].startswith("\\x1b[2J next rm -rf /; ")
    outcome = Outcome(ExitCode.FAILED, {"BLD-006": BROKEN, "BLD-008": BladeState()}, {}, 1)
    assert troubles(outcome, ["BLD-008"], "BLD-006")["BLD-008"].startswith("BLD-006: it does not answer; ")
    unseen = Outcome(ExitCode.OK, {"BLD-008": BladeState(skipped="not looked at")}, {}, 1)
    assert troubles(unseen, ["BLD-008"], "BLD-006") == {"BLD-008": "nobody looked at it: not looked at"}
