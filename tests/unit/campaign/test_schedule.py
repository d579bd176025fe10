"""The campaign itself: a seed makes the same cases, time is shared, and whatever goes wrong is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from tests.campaign.__main__ import PARTS, arguments
from tests.campaign.case import Broken, Case, Failure, Part, Place, Result, Run, Tally
from tests.campaign.cluster import Cluster
from tests.campaign.report import as_dict, tables, told, write
from tests.campaign.schedule import cases, run_part, seconds_for, turns


def part(run: Run, share: int = 1, on_blades: bool = False, name: str = "demo") -> Part:
    @contextmanager
    def opened(place: Place) -> Iterator[Run]:
        yield run

    return Part(name, ("tried",), share, opened, on_blades)


def result_of(run: Run, numbers: int, tmp_path: Path) -> tuple[Result, list[Failure]]:
    """What so many cases of a part gave, and what was told; the clock goes on by a second with every look."""
    seconds = iter(range(1000))
    told_ones: list[Failure] = []
    result = Result(part(run), "")
    chosen = cases(Case("demo", 0, 7), range(numbers))
    run_part(result, chosen, Place(tmp_path, no_cluster), 1000, told_ones.append, lambda: next(seconds))
    return result, told_ones


def no_cluster() -> Cluster:
    raise AssertionError("a part without blades asked for a cluster")


def test_a_seed_makes_the_same_choices_whatever_ran_before() -> None:
    first = [case.random().random() for case in islice(cases(Case("disks", 0, 7)), 20)]
    assert [Case("disks", number, 7).random().random() for number in range(20)] == first
    assert len(set(first)) == 20
    assert Case("disks", 3, 8).random().random() not in first
    assert Case("kills", 3, 7).random().random() not in first


def test_a_failure_says_how_to_do_it_again() -> None:
    assert Case("disks", 12, 7).repeat == "make campaign SEED=7 CASE=disks:12"
    on_blades = Case("kills", 3, 7, "trixie", 2)
    assert on_blades.repeat == "make campaign SEED=7 CASE=kills:3 CAMPAIGN_OS=trixie CAMPAIGN_NODES=2"
    wanted = arguments(["--seed", "7", "--case", "kills:3", "--os", "trixie", "--nodes", "2"])
    assert (wanted.seed, wanted.case, wanted.os, wanted.nodes) == (7, (PARTS["kills"], 3), ("trixie",), 2)


def test_what_takes_long_is_left_out_of_a_short_campaign_unless_it_is_asked_for() -> None:
    names = {minutes: {part.name for part in arguments(["--minutes", minutes]).parts} for minutes in ("2", "30")}
    assert names["30"] - names["2"] == {"first", "rotate", "rolling", "restore"}
    assert [part.name for part in arguments(["--parts", "first"]).parts] == ["first"]


def test_parts_on_blades_come_once_per_release_and_one_lab_after_the_other() -> None:
    parts = [part(print, name="a", on_blades=True), part(print, name="b"), part(print, name="c", on_blades=True)]
    found = [(each.name, release) for each, release in turns(parts, ("bookworm", "trixie"))]
    assert found == [("b", ""), ("a", "bookworm"), ("c", "bookworm"), ("a", "trixie"), ("c", "trixie")]


def test_time_that_a_part_did_not_need_is_shared_by_the_rest() -> None:
    left = turns([part(print, 1), part(print, 3)], ("bookworm",))
    assert seconds_for(left[0], left, 80) == 20
    assert seconds_for(left[1], left[1:], 75) == 75


def test_one_case_at_least_is_run(tmp_path: Path) -> None:
    ran: list[int] = []
    result = Result(part(lambda case, tally: ran.append(case.number)), "")
    run_part(result, cases(Case("demo", 0, 7)), Place(tmp_path, no_cluster), -1.0, print)
    assert ran == [0]


def test_failures_are_told_and_stop_nobody(tmp_path: Path) -> None:
    def run(case: Case, tally: Tally) -> None:
        tally["tried"] += 1
        if case.number == 1:
            raise Broken("it broke", {"seen": "this"})
        if case.number == 2:
            raise ZeroDivisionError

    result, told_ones = result_of(run, 4, tmp_path)
    assert result.tally["tried"] == 4
    assert [(each.case.number, each.sentence) for each in told_ones] == [
        (1, "it broke"),
        (2, "the case itself stopped"),
    ]
    assert "ZeroDivisionError" in told_ones[1].evidence["traceback"]
    assert result.broken == 2


def test_what_is_said_again_and_again_is_told_once_and_counted(tmp_path: Path) -> None:
    def run(case: Case, tally: Tally) -> None:
        raise Broken("it broke")

    result, told_ones = result_of(run, 30, tmp_path)
    assert (result.broken, len(told_ones)) == (30, 1)


def test_a_part_that_cannot_begin_is_a_failure(tmp_path: Path) -> None:
    @contextmanager
    def opened(place: Place) -> Iterator[Run]:
        raise Broken("no lab")
        yield

    result = Result(Part("demo", (), 1, opened), "trixie")
    run_part(result, cases(Case("demo", 0, 7, "trixie")), Place(tmp_path, no_cluster), 0, print)
    assert [failure.sentence for failure in result.failures] == ["no lab"]


def test_the_table_and_the_file_have_every_figure(tmp_path: Path) -> None:
    bookworm, trixie = (Result(part(print, on_blades=True), release) for release in ("bookworm", "trixie"))
    bookworm.tally["tried"] = 3
    trixie.add(Failure(Case("demo", 5, 7, "trixie", 2), "it broke", {"seen": "this"}))
    text = tables([bookworm, trixie])
    assert "| demo: tried | 3 | 0 |" in text
    assert "| demo: promises broken | 0 | 1 |" in text
    write([bookworm, trixie], 7, tmp_path / "x" / "results.json")
    assert json.loads((tmp_path / "x" / "results.json").read_text()) == as_dict([bookworm, trixie], 7)
    assert [each.name for each in (tmp_path / "x").iterdir()] == ["results.json"]


def test_a_failure_is_printed_with_the_end_of_long_evidence() -> None:
    failure = Failure(Case("demo", 5, 7), "it broke", {"log": "\n".join(map(str, range(100)))})
    lines = told(failure).splitlines()
    assert lines[0] == "demo:5: it broke"
    assert lines[2] == "    ... 70 lines before"
    assert lines[-2:] == ["    99", "  again: make campaign SEED=7 CASE=demo:5"]


@pytest.mark.parametrize(
    "wrong", [["--parts", "lunch"], ["--case", "disks"], ["--case", "lunch:1"], ["--os", "sid"], ["--nodes", "1"]]
)
def test_what_cannot_be_tried_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(wrong)
    assert "usage: python -m tests.campaign" in capsys.readouterr().err
