"""Durations as a person says them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.duration import parse_duration, said
from provisioner.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("30min", 1800), ("2h", 7200), ("1d12h", 129600), ("1h30min", 5400)]
)
def test_reads_durations(text: str, seconds: int) -> None:
    assert parse_duration(text, "--wait") == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2m", "-2h", "2 h", "1.5h", "2hours", "2h\n", "9999999h", "٣h"])
def test_refuses_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--wait is no time such as"):
        parse_duration(text, "--wait")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7080, "1 h 58 min"), (90061, "1 d 1 h")]
)
def test_says_durations(seconds: float, words: str) -> None:
    assert said(seconds) == words


@given(st.integers(min_value=0, max_value=10**6))
def test_what_is_said_is_no_more_than_it_is(seconds: int) -> None:
    assert parse_duration(said(seconds).replace(" ", ""), "x") <= seconds
