"""The time left comes from runs that were like this one, and from no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.names import host_name
from provisioner.run.course import Course
from provisioner.run.events import BladeState, RunState
from provisioner.run.forecast import Now, past_runs, seconds_left, span
from tests.unit.run.event_makers import play, told

ORDER = ["Preflight", "Prepare", "Verify"]
BLADES = ["BLD-006", "BLD-008", "BLD-011"]
NOW = Now("slurm.yml", False, frozenset(map(host_name, BLADES)), ORDER, "Prepare", 10.0, has_changed=False)


def record(changed: int = 0, scale: float = 1.0, **more: Any) -> dict[str, Any]:
    times = {"Preflight": 2 * scale, "Prepare": 30 * scale, "Verify": 5 * scale}
    said = {"playbook": "slurm.yml", "check": False, "exit_code": 0, "interrupted": False, "changed": changed}
    return {**said, "phases": times, "blades": {name: {} for name in BLADES}, **more}


def left(*records: Any, now: Now = NOW) -> float | None:
    return seconds_left(past_runs(records), now)


def test_what_is_left_is_the_rest_of_the_phase_and_those_after_it() -> None:
    assert left(record()) == 25.0
    assert left(record(), now=replace(NOW, phase="Verify", seconds=1.0)) == 4.0


def test_a_phase_that_takes_longer_than_ever_leaves_what_comes_after_it() -> None:
    assert left(record(), now=replace(NOW, seconds=300.0)) == 5.0


def test_of_several_runs_the_one_in_the_middle_counts() -> None:
    assert left(record(), record(scale=100), record(scale=2)) == 60.0


def test_a_first_run_is_like_first_runs() -> None:
    """Known by a blade that no run has had, or by what changed."""
    first, none = record(changed=40, scale=10), record()
    assert left(first, none) == 25.0
    assert left(first, none, now=replace(NOW, has_changed=True)) == 340.0
    other = frozenset({"BLD-006", "BLD-008", "BLD-012"})
    assert left(first, none, now=replace(NOW, blades=other)) == 340.0


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"playbook": "verify.yml"},
        {"check": True},
        {"exit_code": 1},
        {"exit_code": 130, "interrupted": True},
        {"rolling": {"kind": "upgrade"}},
        {"blades": {f"BLD-{number:03}": {} for number in range(20)}},
    ],
    ids=str,
)
def test_another_kind_of_run_tells_nothing(other: dict[str, Any]) -> None:
    assert left(*([record(**other)] if other else [])) is None


LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
KEYS = st.text(max_size=5)


@given(st.recursive(LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYS, one, max_size=3)))
def test_a_record_may_hold_anything(odd: Any) -> None:
    assert past_runs([odd]) == []
    assert len(past_runs([odd, record(), {**record(), "phases": odd}])) in (1, 2)


def test_the_words_tell_the_place_and_the_time() -> None:
    times = iter(range(0, 1000, 10))
    state = RunState({"bld-006": BladeState(), "bld-008": BladeState()}, clock=lambda: float(next(times)))
    course = Course("slurm.yml", False, ORDER, past_runs([record(), record(changed=9, scale=10)]))
    assert course.words(state) == ""
    state.take(play("Prepare"))
    assert course.words(state) == "2 of 3, about 25 s left"
    state.take(told("bld-008", ["a line"]))
    assert course.words(state).startswith("2 of 3, about 5 min left")
    state.take(play("Verify"))
    assert Course("slurm.yml", False, ORDER).words(state) == "3 of 3"


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (119.4, "119 s"), (120, "2 min"), (3600, "60 min")])
def test_a_time_is_said_as_a_person_does(seconds: float, words: str) -> None:
    assert span(seconds) == words
