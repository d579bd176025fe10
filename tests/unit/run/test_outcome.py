from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from provisioner.errors import ExitCode
from provisioner.run.events import BladeState, RunState
from provisioner.run.outcome import Outcome, conclude
from tests.unit.run.event_makers import failed, ok, play, start, stats, unreachable

NAMES = {"bld-006": "BLD-006", "bld-008": "BLD-008", "bld-011": "BLD-011"}


def outcome(*events: dict[str, Any], code: int = 0, interrupted: bool = False) -> Outcome:
    state = RunState({host: BladeState() for host in NAMES})
    for event in events:
        state.take(event)
    return conclude(state, NAMES, "bld-006", code, 12.34, interrupted)


@pytest.mark.parametrize(
    ("events", "code", "verdict"),
    [
        ([ok("bld-008"), stats()], 0, ExitCode.OK),
        ([failed("bld-008"), stats()], 2, ExitCode.DEGRADED),
        ([unreachable("bld-008"), stats()], 4, ExitCode.DEGRADED),
        ([unreachable("bld-008"), failed("bld-006"), stats()], 4, ExitCode.FAILED),
        ([unreachable("bld-006"), stats()], 4, ExitCode.FAILED),
        ([unreachable("bld-008"), failed("bld-011"), stats()], 4, ExitCode.FAILED),
        ([ok("bld-008")], 0, ExitCode.FAILED),
        ([], 1, ExitCode.FAILED),
        ([stats()], 1, ExitCode.FAILED),
        ([stats()], 250, ExitCode.FAILED),
        ([stats()], 254, ExitCode.FAILED),
    ],
    ids=[
        "all fine", "one failed", "one unreachable", "and the controller", "the controller alone",
        "all but the controller",
        "no end", "no start", "usage error", "ansible crashed", "cancelled",
    ],
)  # fmt: skip
def test_what_a_run_came_to(events: list[dict[str, Any]], code: int, verdict: ExitCode) -> None:
    assert outcome(*events, code=code).code is verdict


def test_an_interrupted_run_was_stopped_whatever_it_came_to() -> None:
    assert outcome(ok("bld-008"), stats(), interrupted=True).code is ExitCode.STOPPED
    assert outcome(failed("bld-006"), code=2, interrupted=True).code is ExitCode.STOPPED


def test_an_interrupted_run_says_where_it_was_at_work() -> None:
    stopped = outcome(start("bld-008", "Install", "base"), ok("bld-011"), code=254, interrupted=True)
    assert stopped.at_work() == {"BLD-008": "base | Install"}
    assert stopped.as_dict()["at_work"] == {"BLD-008": "base | Install"}
    assert "next_step" in stopped.as_dict()
    whole = outcome(start("bld-008", "Install", "base"), ok("bld-008"), stats())
    assert (whole.at_work(), whole.as_dict()["next_step"]) == ({}, "")


@pytest.mark.parametrize(
    ("skipped", "lost", "verdict"),
    [
        (["bld-008", "bld-011"], [], ExitCode.FAILED),
        (["bld-008"], ["bld-011"], ExitCode.FAILED),
        (["bld-008"], [], ExitCode.OK),
    ],
)
def test_a_run_that_looked_at_nothing_is_no_success(skipped: list[str], lost: list[str], verdict: ExitCode) -> None:
    state = RunState({host: BladeState(skipped="not looked at" if host in skipped else "") for host in NAMES})
    for event in [*map(unreachable, lost), stats()]:
        state.take(event)
    found = conclude(state, NAMES, "bld-006", 0, 1.0, False)
    assert found.code is verdict
    assert found.as_dict()["blades"]["BLD-008"]["status"] == "skipped"
    assert found.as_dict()["blades"]["BLD-008"]["skipped"] == "not looked at"


TROUBLE = "accounting does not work; next: look at its journal"


def troubled(host: str, task_action: str = "tell") -> dict[str, Any]:
    event = ok(host, ansible_facts={"provision_troubles": [TROUBLE]})
    event["event_data"]["task_action"] = task_action
    return event


def test_a_controller_that_serves_the_cluster_all_the_same_makes_a_degraded_run() -> None:
    found = outcome(troubled("bld-006"), stats())
    assert found.code is ExitCode.DEGRADED
    assert found.failures()["BLD-006"].message == "accounting does not work"
    assert found.failures()["BLD-006"].next_step == "look at its journal"
    assert outcome(*(troubled(host) for host in NAMES), stats()).code is ExitCode.DEGRADED
    assert outcome(troubled("bld-006"), failed("bld-008"), failed("bld-011"), stats(), code=2).code is ExitCode.FAILED


def test_what_fails_after_a_trouble_counts() -> None:
    for later in (failed("bld-006"), unreachable("bld-006")):
        assert outcome(troubled("bld-006"), later, stats(), code=2).code is ExitCode.FAILED


def test_a_node_has_no_say_in_what_the_run_came_to() -> None:
    assert outcome(troubled("bld-006", "command"), stats()).code is ExitCode.OK


def test_the_controller_alone_can_be_fine() -> None:
    state = RunState({"bld-006": BladeState()})
    state.take(stats())
    assert conclude(state, NAMES, "bld-006", 0, 1.0, False).code is ExitCode.OK


def test_blades_are_named_as_in_the_plan() -> None:
    result = outcome(ok("bld-008", changed=True), failed("bld-011", "odd; next: look"), stats(), code=2)
    assert list(result.blades) == ["BLD-006", "BLD-008", "BLD-011"]
    assert result.failures()["BLD-011"].next_step == "look"
    assert result.changed() == 1


def test_every_line_is_a_change_and_a_script_reads_each_alone() -> None:
    lines = ["package chrony: absent -> installed", "package munge: absent -> installed"]
    event = ok("bld-008", changed=True, ansible_facts={"provision_changed": lines})
    event["event_data"]["task_action"] = "tell"
    result = outcome(event, ok("bld-006", changed=True), stats())
    assert result.changed() == 3
    assert result.as_dict()["changed"] == 3
    assert result.as_dict()["blades"]["BLD-008"]["changed"] == lines


def test_plain_data_says_it_all() -> None:
    data = outcome(play("Prepare"), ok("bld-008", changed=True), unreachable("bld-011"), stats(), code=4).as_dict()
    assert json.loads(json.dumps(data)) == data
    assert (data["exit_code"], data["meaning"]) == (3, ExitCode.DEGRADED.meaning)
    assert {name: blade["status"] for name, blade in data["blades"].items()} == {
        "BLD-006": "ok",
        "BLD-008": "changed",
        "BLD-011": "unreachable",
    }
    assert data["seconds"] == 12.3
    assert "SSH is refused" in data["blades"]["BLD-011"]["failure"]["message"]


def test_a_script_reads_the_next_step_with_the_names_in_it() -> None:
    """As the summary prints it; braces of other kinds stay."""
    step = "run `awk '{print $1}'` on {host} or `provision reimaged {blade}`"
    data = outcome(failed("bld-011", f"odd; next: {step}"), stats(), code=2).as_dict()
    failure = data["blades"]["BLD-011"]["failure"]
    assert failure["next_step"] == "run `awk '{print $1}'` on bld-011 or `provision reimaged BLD-011`"
    assert failure["message"] == "odd"


def test_what_the_playbook_tells_stands_beside_what_the_run_says() -> None:
    data = replace(outcome(stats()), told={"controller": "slurmctld restart: more"}).as_dict()
    assert (data["exit_code"], data["controller"]) == (0, "slurmctld restart: more")


def test_ansibles_own_words_only_when_it_stopped() -> None:
    words = {"event": "error", "stdout": "ERROR! no such role\nTraceback (most recent call last): ..."}
    assert outcome(words, code=1).words == "ERROR! no such role"
    assert outcome(words, stats(), code=0).words == ""


def test_every_code_has_a_meaning() -> None:
    assert len({code.meaning for code in ExitCode}) == len(ExitCode)
