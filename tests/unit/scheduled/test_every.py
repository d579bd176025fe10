from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.scheduled.every import parse_every


@pytest.mark.parametrize(
    ("text", "calendar", "delay"),
    [
        ("1min", "*-*-* *:00/1:00", 6),
        ("15min", "*-*-* *:00/15:00", 90),
        ("900s", "*-*-* *:00/15:00", 90),
        ("1h", "*-*-* 00/1:00:00", 360),
        ("90min", None, 0),
        ("12h", "*-*-* 00/12:00:00", 1800),
        ("1d", "*-*-* 00:00:00", 1800),
        ("7d", "Mon *-*-* 00:00:00", 1800),
        ("25min", None, 0),
        ("0s", None, 0),
        ("30s", None, 0),
        ("5h", None, 0),
        ("2d", None, 0),
        ("soon", None, 0),
        ("15min\n", None, 0),
    ],
)
def test_a_time_is_one_that_a_calendar_can_repeat(text: str, calendar: str | None, delay: int) -> None:
    if calendar is None:
        with pytest.raises(UsageError):
            parse_every(text)
    else:
        every = parse_every(text)
        assert (every.calendar, every.delay) == (calendar, delay)


@given(st.integers(1, 8 * 86400))
def test_a_day_or_a_week_is_a_multiple_of_each_that_is_taken(seconds: int) -> None:
    try:
        every = parse_every(f"{seconds}s")
    except UsageError:
        return
    assert every.seconds == seconds
    assert 86400 % seconds == 0 or seconds == 7 * 86400
    assert every.delay < seconds
