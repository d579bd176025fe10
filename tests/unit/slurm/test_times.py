"""Times as Slurm writes them."""

from __future__ import annotations

from math import inf

import pytest

from provisioner.slurm.times import minutes, seconds, shorter, whole_minutes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90", 90), ("1-0", 1440), ("1-00:00:00", 1440), ("12:30:00", 750), ("01:00", 1), ("1-01:30", 1530), ("0", 0),
        ("00:00:30", None), ("1 day", None), ("", None), ("-5", None), ("UNLIMITED", None), ("1:2:3:4", None),
    ],
)  # fmt: skip
def test_times_are_whole_minutes(text: str, found: int | None) -> None:
    assert whole_minutes(text) == found


def test_a_time_has_seconds() -> None:
    assert (seconds("00:10:05"), seconds("2-00:00:01"), seconds("10")) == (605, 172801, 600)


@pytest.mark.parametrize(("text", "found"), [("90", 90), ("7-00:00:00", 10080), ("00:00:30", 0.5), ("UNLIMITED", inf)])
def test_every_time_of_a_partition_has_minutes(text: str, found: float) -> None:
    assert minutes(text) == found
    assert shorter(text, "UNLIMITED") == text
