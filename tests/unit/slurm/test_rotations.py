"""What speaks against another key of munge, from what the blades answered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.rotation import USUAL_SECONDS, intent, judge, result

CONTROLLER, NODE = "BLD-001", "BLD-002"


def seen(**more: Any) -> dict[str, Any]:
    return {"key": "k", "munge": "", "at_work": False, **more}


def controller(**more: Any) -> dict[str, Any]:
    return seen(slurmctld="active", rotation={}, old="", **more)


PROBLEMS = {
    "another key": (controller(), seen(key="other"), NODE, "is not that of the controller", "--nodes BLD-002"),
    "no munged": (controller(), seen(munge="no socket"), NODE, "does not work on it (no socket)", "--nodes BLD-002"),
    "no slurmctld": (controller() | {"slurmctld": "failed"}, seen(), CONTROLLER, "slurmctld does not run", "slurm"),
    "no key": (controller() | {"key": ""}, seen(), CONTROLLER, "no munge key to change", "`provision slurm` first"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_speaks_against_it_is_said_with_the_next_step(case: str) -> None:
    own, other, blade, words, step = PROBLEMS[case]
    problem = judge({CONTROLLER: own, NODE: other}, CONTROLLER, undo=False).problems[blade]
    what, _, following = problem.partition("; next: ")
    assert words in what
    assert step in following


def test_a_blade_without_a_key_is_no_member_and_is_left_out() -> None:
    verdict = judge({CONTROLLER: controller(), NODE: seen(key="", munge="not there")}, CONTROLLER, undo=False)
    assert (verdict.nodes, verdict.strangers, verdict.problems) == ((CONTROLLER,), (NODE,), {})


ROTATIONS = {
    "none": ({}, "", False),
    "only staged": ({"stage": "staged"}, "", False),
    "proved": ({"stage": "switched", "proved": True}, "old", False),
    "changed, and nobody proved it": ({"stage": "switched", "proved": False}, "old", True),
    "killed in the change": ({"stage": "switching"}, "old", True),
    "killed before the change": ({"stage": "switching"}, "", False),
    "taken back": ({"stage": "taken back", "proved": False}, "", False),
    "of another shape": ([1, 2], "old", False),
}


@pytest.mark.parametrize("case", ROTATIONS)
def test_what_a_former_rotation_left(case: str) -> None:
    rotation, old, unfinished = ROTATIONS[case]
    own = controller() | {"rotation": rotation, "old": old}
    assert judge({CONTROLLER: own}, CONTROLLER, undo=False).unfinished is unfinished


@pytest.mark.parametrize("undone", [False, True])
def test_only_one_of_the_same_direction_is_proved(undone: bool) -> None:
    own = controller() | {"rotation": {"stage": "switched", "proved": False, "undo": undone}, "old": "old"}
    found = {undo: judge({CONTROLLER: own}, CONTROLLER, undo).unfinished for undo in (False, True)}
    assert found == {undone: True, not undone: False}


def test_a_key_that_is_not_kept_cannot_come_back() -> None:
    assert CONTROLLER in judge({CONTROLLER: controller()}, CONTROLLER, undo=True).problems
    kept = controller() | {"old": "old"}
    assert judge({CONTROLLER: kept}, CONTROLLER, undo=True).problems == {}


def test_how_long_no_job_starts_is_that_of_the_last_time() -> None:
    own = controller() | {"rotation": {"away": 3.1, "stage": "switched"}}
    assert "about 3.1 s" in intent(judge({CONTROLLER: own}, CONTROLLER, undo=False), undo=False)
    assert judge({CONTROLLER: controller()}, CONTROLLER, undo=False).seconds == USUAL_SECONDS


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), st.lists, max_leaves=4
)


@given(st.dictionaries(st.sampled_from(["key", "munge", "slurmctld", "rotation", "old"]), ANY), ANY)
def test_an_answer_of_any_shape_is_no_crash(own: dict[str, Any], waited: Any) -> None:
    judge({CONTROLLER: own, NODE: own}, CONTROLLER, undo=True)
    assert set(result({"rotation": waited})) == {"stage", "away"}
