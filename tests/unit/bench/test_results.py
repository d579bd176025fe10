from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import PARTS, arguments
from bench.machine import machine
from bench.results import read_results, write_section


def test_a_part_replaces_its_section_only(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    write_section("render", {"texts": 1}, file)
    write_section("peer", {"first_seconds": 2}, file)
    write_section("render", {"texts": 3}, file)
    assert read_results(file) == {"peer": {"first_seconds": 2}, "render": {"texts": 3}}
    assert [found.name for found in tmp_path.iterdir()] == ["results.json"]


def test_nothing_was_measured_yet(tmp_path: Path) -> None:
    assert read_results(tmp_path / "results.json") == {}


def test_the_machine_is_described() -> None:
    found = machine()
    assert int(found["cores"]) >= 1
    assert all(found.values())


def test_all_parts_unless_some_are_named() -> None:
    assert arguments([]).parts == PARTS
    assert arguments(["--parts", "commands,first"]).parts == ("first", "commands")


def test_sizes_grow() -> None:
    """A registry with more blades than are measured would be another cluster."""
    assert arguments(["--sizes", "7,2,7"]).sizes == (2, 7)


@pytest.mark.parametrize("wrong", [["--parts", "lunch"], ["--sizes", "16"], ["--sizes", "0"], ["--rounds", "-1"]])
def test_what_cannot_be_measured_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(wrong)
    assert "usage: python -m bench" in capsys.readouterr().err
