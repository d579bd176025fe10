from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.harm import ANY, harm, harm_lines, numbered

FOUND = {"ends": ["17"], "requeues": ["23", "24"], "of": {"partition night": ["17"], "node bld-008": ["23", "24"]}}


@pytest.mark.parametrize(
    ("agreed", "refused"),
    [
        ((), ["17", "23", "24"]),
        (["17", "24"], ["23"]),
        (["17", "23", "24", "99"], []),
        (ANY, []),
    ],
)
def test_only_jobs_that_somebody_gave_up_are_touched(agreed: Any, refused: list[str]) -> None:
    found = harm(FOUND, agreed)
    assert found["refused"] == refused
    assert found["words"] == "end jobs 17 and requeue jobs 23, 24"
    assert found["of"] == FOUND["of"]


def test_nobody_is_harmed() -> None:
    found = harm({}, ())
    assert (found["words"], found["refused"], harm_lines(found)) == ("", [], [])


def test_what_became_of_them() -> None:
    assert harm_lines(harm(FOUND, ANY)) == ["jobs: ended: 17", "jobs: requeued: 23, 24"]


def test_of_very_many_the_first_are_named() -> None:
    assert numbered([str(number) for number in range(25)]).endswith("18, 19 and 5 more")


def test_a_number_that_is_none_is_only_text() -> None:
    assert "\x1b" not in numbered(["1\x1b[2J"])
