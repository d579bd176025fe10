"""What a person reads when a run is over: rows of blades that are alike, lines that belong together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState

Played = Callable[..., Any]
NAMES = ["chrony", "dbus", "libpmix2", "logrotate", "munge", "slurm-client", "slurmd"]
PACKAGES = [f"package {name}: absent -> installed" for name in NAMES]
FILE = "file /etc/default/slurmd: absent -> file"


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def rows(*words: str) -> list[str]:
    """The table of the summary, a row each without the spaces between columns."""
    out = CliRunner().invoke(app, list(words)).stdout.split("time: ")[0]
    return [" ".join(line.split()) for line in out.splitlines()]


def test_blades_with_the_same_lines_are_one_row(played: Played) -> None:
    made = {name: BladeState(lines=[FILE], seconds=time) for name, time in (("BLD_008", 1.0), ("BLD_011", 2.5))}
    played(**made, BLD_006=BladeState())
    assert rows("slurm")[1:] == [
        f"BLD-[008,011] changed 2.5 s {FILE}",
        "BLD-006 ok 0.0 s nothing to do",
    ]


def test_the_odd_one_stands_out(played: Played) -> None:
    """By a line, by a note or by its status."""
    alike = BladeState(lines=[FILE])
    failed = BladeState(lines=[FILE], failure=Diagnosis("odd", "look"))
    played(BLD_006=alike, BLD_008=BladeState(lines=[FILE], notes=["a note"]), BLD_011=failed)
    assert [row.split()[0] for row in rows("slurm") if row.startswith("BLD")] == ["BLD-006", "BLD-008", "BLD-011"]


def test_things_of_one_kind_with_one_end_are_one_line(played: Played) -> None:
    played(BLD_008=BladeState(lines=[*PACKAGES[:3], FILE]))
    assert rows("slurm")[1:] == ["BLD-008 changed 0.0 s package chrony, dbus, libpmix2: absent -> installed", FILE]
    as_json = json.loads(CliRunner().invoke(app, ["slurm", "--json"]).stdout)
    assert as_json["blades"]["BLD-008"]["changed"] == [*PACKAGES[:3], FILE], "a script reads each alone"


def test_a_blade_that_was_not_looked_at_is_not_green(played: Played) -> None:
    reason = "not looked at: the controller BLD-006 does not answer"
    skipped = {name: BladeState(skipped=reason) for name in ("BLD_008", "BLD_011")}
    played(**skipped, BLD_006=BladeState())
    assert rows("verify")[1:] == [f"BLD-[008,011] skipped 0.0 s {reason}", "BLD-006 ok 0.0 s nothing to do"]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_what_is_too_long_goes_on_further_in(played: Played, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    played(BLD_008=BladeState(lines=[*PACKAGES, FILE]))
    out = CliRunner().invoke(app, ["slurm"]).stdout.split("time: ")[0].splitlines()
    place = out[1].index("package")
    assert all(len(line) <= width for line in out)
    begun = [line[place:] for line in out[1:] if not line[place:].startswith(" ")]
    assert [line.split()[0] for line in begun] == ["package", "file"]
    told = " ".join(" ".join(line[place:].split()) for line in out[1:])
    assert told == f"package {', '.join(NAMES)}: absent -> installed {FILE}"


@pytest.mark.parametrize(
    ("words", "lines", "said"),
    [
        (["slurm"], [], "(0 changes)"),
        (["slurm"], [FILE], "(1 change)"),
        (["slurm"], PACKAGES, "(7 changes)"),
        (["slurm", "--check"], [FILE], "check: 1 change, nothing was touched"),
        (["slurm", "--check"], PACKAGES, "check: 7 changes, nothing was touched"),
    ],
)
def test_the_last_words_count_things(played: Played, words: list[str], lines: list[str], said: str) -> None:
    played(BLD_008=BladeState(lines=lines))
    assert CliRunner().invoke(app, words).stdout.rstrip().endswith(said)


def test_a_preview_says_what_would_change(played: Played) -> None:
    played(BLD_008=BladeState(lines=[FILE]))
    assert rows("slurm", "--check")[1] == f"BLD-008 would change 0.0 s {FILE}"
