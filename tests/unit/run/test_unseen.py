"""Silence about a blade is no good news: what nobody looked at is marked, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.run.events import BladeState, RunState
from provisioner.run.outcome import status
from provisioner.run.unseen import mark_unseen
from tests.unit.run.event_makers import failed, ok, stats, unreachable

LEFT = "not worked on: the controller BLD-006 failed or does not answer"


def skipped(*events: dict[str, Any], told: dict[str, str] | None = None, stopped: bool = False) -> dict[str, str]:
    """Why blades were skipped, after the events of a run; BLD-006 is the controller."""
    state = RunState({host: BladeState() for host in ("bld-006", "bld-008", "bld-011")})
    for event in events:
        state.take(event)
    mark_unseen(state, "bld-006", "BLD-006", told or {}, stopped)
    return {host: blade.skipped for host, blade in state.blades.items() if blade.skipped}


def module(host: str) -> dict[str, Any]:
    """A module ran on the blade."""
    event = ok(host)
    event["event_data"]["task_action"] = "blade_facts"
    return event


@pytest.mark.parametrize(
    ("lead", "why"),
    [
        (unreachable("bld-006"), "the controller BLD-006 does not answer"),
        (failed("bld-006"), "the controller BLD-006 failed"),
        (module("bld-006"), "the controller said nothing about it"),
    ],
    ids=["off", "failed", "mute"],
)
def test_blades_that_only_the_controller_could_have_told_of(lead: dict[str, Any], why: str) -> None:
    assert skipped(lead, stats()) == dict.fromkeys(("bld-008", "bld-011"), f"not looked at: {why}")


def test_a_blade_that_answered_or_failed_itself_was_looked_at() -> None:
    assert skipped(unreachable("bld-006"), module("bld-008"), unreachable("bld-011"), stats()) == {}


def test_what_the_controller_says_counts() -> None:
    told = {"bld-008": "", "bld-011": "it is not a member"}
    assert skipped(module("bld-006"), stats(), told=told) == {"bld-011": "not looked at: it is not a member"}


def test_a_task_of_this_machine_is_no_look() -> None:
    local = ok("bld-008")
    local["event_data"]["task_action"] = "ansible.builtin.set_fact"
    assert "bld-008" in skipped(module("bld-006"), local, stats())


def test_a_run_that_ended_early_looked_at_nothing() -> None:
    assert set(skipped(stopped=True).values()) == {"not looked at: the run was stopped before"}
    assert set(skipped().values()) == {"not looked at: Ansible stopped before"}


def test_a_blade_that_was_left_alone_did_not_fail() -> None:
    state = RunState({"bld-008": BladeState()})
    state.take(failed("bld-008", f"{LEFT}; next: mend the controller first"))
    blade = state.blades["bld-008"]
    assert (blade.failure, blade.skipped, status(blade)) == (None, LEFT, "skipped")


def test_only_our_own_playbooks_leave_a_blade_alone() -> None:
    """The answer of a module comes from the blade, which would look healthy that way."""
    state = RunState({"bld-008": BladeState()})
    state.take(failed("bld-008", f"{LEFT}; next: nothing", action="blade_facts"))
    assert status(state.blades["bld-008"]) == "failed"
