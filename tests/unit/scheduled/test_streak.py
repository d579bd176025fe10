from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.scheduled.streak import FAILING, WELL, Streak, read_streak

NOW = "2026-11-26T10:15:00+00:00"


def played(codes: list[int], most: int = 3, works: bool = True) -> list[str]:
    """What somebody was told, or was to be told where the command does not work, after each run; '' for nothing."""
    streak, said = Streak(), []
    for code in codes:
        streak = streak.after(code, NOW)
        event = streak.due(most)
        if event:
            streak = streak.tried()
            streak = streak.heard(event) if works else streak
        said.append(event)
    return said


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([0, 0], ["", ""]),
        ([1, 1], ["", ""]),
        ([1, 3, 2, 1, 1, 1, 1], ["", "", FAILING, "", "", "", ""]),
        ([1, 1, 1, 0, 0], ["", "", FAILING, WELL, ""]),
        ([1, 1, 0, 1, 1, 0], ["", "", "", "", "", ""]),
        # Another one at work, or a stop, says nothing of either.
        ([1, 4, 130, 1, 4, 1], ["", "", "", "", "", FAILING]),
        ([1, 1, 1, 4, 0], ["", "", FAILING, "", WELL]),
        ([1, 1, 1, 0, 1, 1, 1], ["", "", FAILING, WELL, "", "", FAILING]),
    ],
)
def test_somebody_hears_of_it_once(codes: list[int], said: list[str]) -> None:
    assert played(codes) == said


def test_a_command_that_does_not_work_is_tried_seldom() -> None:
    assert [at for at, event in enumerate(played([1] * 30, works=False), 1) if event] == [3, 6, 12, 24]


def test_it_knows_since_when() -> None:
    streak = Streak().after(1, NOW).after(1, "later")
    assert (streak.failures, streak.since) == (2, NOW)
    assert streak.after(0, "later").since == ""


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 130])), st.integers(1, 5))
def test_failing_and_well_come_in_turns(codes: list[int], most: int) -> None:
    said = [event for event in played(codes, most) if event]
    assert said == [FAILING, WELL] * (len(said) // 2) + [FAILING] * (len(said) % 2)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.dictionaries(st.text(), each))
)
def test_a_file_of_any_shape_is_read(data: Any) -> None:
    streak = read_streak(data)
    assert read_streak(streak.as_dict()) == streak
    streak.after(1, NOW).due(3)


def test_what_is_kept_is_what_was() -> None:
    streak = Streak(3, 0, NOW, True, 1)
    assert read_streak(streak.as_dict()) == streak
