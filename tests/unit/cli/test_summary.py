"""What a person reads when a run is over: rows of blades that are alike, lines that belong together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import ExitCode, StoppedError
from provisioner.paths import state_dir
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.record import write_record

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
        (["slurm", "--check"], [FILE], "Plan: 1 node changes. Nothing was touched."),
        (["slurm", "--check"], [], "Plan: nothing to do. Nothing was touched."),
    ],
)
def test_the_last_words_count_things(played: Played, words: list[str], lines: list[str], said: str) -> None:
    played(BLD_008=BladeState(lines=lines))
    assert CliRunner().invoke(app, words).stdout.rstrip().endswith(said)


def test_a_preview_says_what_would_change(played: Played) -> None:
    played(BLD_008=BladeState(lines=[FILE]))
    assert rows("slurm", "--check")[1] == f"BLD-008 would change 0.0 s {FILE}"


NOTE = "drained by an admin: x"


def recorded(site: Path, notes: list[str], **more: object) -> None:
    """The record of a run before."""
    blades = {name: {"notes": notes} for name in ("BLD-006", "BLD-008")}
    write_record(state_dir("demo"), "1", {"check": False, "blades": blades, **more})


@pytest.mark.parametrize("verb", ["slurm", "verify"])
def test_quiet_says_nothing_of_a_run_without_news(played: Played, verb: str) -> None:
    asked = played(BLD_006=BladeState(), BLD_008=BladeState()).asked
    done = CliRunner().invoke(app, [verb, "--quiet"])
    assert (done.exit_code, done.output) == (0, "")
    assert asked[0].quiet, "progress says nothing, too"


@pytest.mark.parametrize("verb", ["slurm", "verify"])
@pytest.mark.parametrize(
    "blade",
    [
        BladeState(lines=[FILE]),
        BladeState(notes=[NOTE]),
        BladeState(failure=Diagnosis("odd", "look")),
        BladeState(skipped="not looked at"),
    ],
    ids=["changed", "noted", "failed", "skipped"],
)
def test_quiet_shows_what_a_person_has_to_know_and_nothing_else(played: Played, verb: str, blade: BladeState) -> None:
    code = ExitCode.FAILED if blade.failure or blade.skipped else ExitCode.OK
    played(code, BLD_006=BladeState(), BLD_008=blade)
    shown = rows(verb, "--quiet")
    assert [row.split()[0] for row in shown if row.startswith("BLD")] == ["BLD-008"]


def test_quiet_shows_what_a_check_found(played: Played) -> None:
    played(BLD_008=BladeState(lines=[FILE]))
    assert "Plan: 1 node changes." in CliRunner().invoke(app, ["slurm", "--quiet", "--check"]).stdout


def test_quiet_shows_a_note_once(played: Played, site: Path) -> None:
    """Cron would mail it every quarter of an hour until somebody has done what it asks for."""
    played(BLD_006=BladeState(), BLD_008=BladeState(notes=[NOTE]))
    recorded(site, [NOTE])
    assert CliRunner().invoke(app, ["slurm", "--quiet"]).output == ""
    recorded(site, ["another"])
    assert NOTE in CliRunner().invoke(app, ["slurm", "--quiet"]).output
    recorded(site, [NOTE], check=True)
    assert NOTE in CliRunner().invoke(app, ["slurm", "--quiet"]).output, "a preview told somebody else"


def test_quiet_shows_a_failure_as_often_as_it_happens(played: Played, site: Path) -> None:
    played(ExitCode.DEGRADED, BLD_006=BladeState(), BLD_008=BladeState(failure=Diagnosis("odd", "look")))
    for _ in range(2):
        assert "odd" in CliRunner().invoke(app, ["slurm", "--quiet"]).output


def test_quiet_with_json_prints_the_json(played: Played) -> None:
    played(BLD_006=BladeState())
    assert json.loads(CliRunner().invoke(app, ["slurm", "--quiet", "--json"]).stdout)["changed"] == 0


def test_a_stopped_run_says_what_was_at_work_and_what_comes_next(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = played(ExitCode.STOPPED, BLD_008=BladeState(doing="base | Install", is_at_work=True), BLD_006=BladeState())
    asked.outcome = replace(asked.outcome, interrupted=True)
    done = CliRunner().invoke(app, ["slurm"])
    assert done.exit_code == 130
    assert "BLD-008 was at work: base | Install" in done.stdout
    assert "nothing to do" not in done.stdout, "nobody knows"
    assert "next: run it again; it waits for what is still at work" in done.stdout
    as_json = json.loads(CliRunner().invoke(app, ["slurm", "--json"]).stdout)
    assert (as_json["interrupted"], as_json["at_work"]) == (True, {"BLD-008": "base | Install"})


@pytest.mark.parametrize("words", [["status"], ["unlock"], ["verify"], ["disks"], ["slurm"]], ids=" ".join)
@pytest.mark.parametrize("code", [ExitCode.FAILED, ExitCode.STOPPED])
def test_json_is_json_when_no_blade_answers(played: Played, words: list[str], code: ExitCode) -> None:
    asked = played(code, BLD_006=BladeState(failure=Diagnosis("odd", "look"), unreachable=True))
    asked.outcome = replace(asked.outcome, interrupted=code is ExitCode.STOPPED)
    done = CliRunner().invoke(app, [*words, "--json"])
    if isinstance(done.exception, StoppedError):  # main makes JSON of an error, see test_usage
        assert words == ["disks"]
        return
    assert done.exit_code == code
    assert isinstance(json.loads(done.stdout), dict)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("surroundings", [{}, {"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=str)
def test_no_word_is_lost_and_no_escape_gets_out(
    played: Played, monkeypatch: pytest.MonkeyPatch, width: int, surroundings: dict[str, str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    failed = BladeState(
        failure=Diagnosis("munge refuses the credential of this blade", "look at its clock", "it said so")
    )
    played(ExitCode.DEGRADED, BLD_006=BladeState(lines=PACKAGES), BLD_008=failed, BLD_011=BladeState(notes=["drained"]))
    out = CliRunner().invoke(app, ["slurm"]).stdout
    assert "\x1b" not in out
    assert "\u2026" not in out, "an ellipsis"
    words = set(out.replace("|", " ").split())
    wanted = "BLD-006 BLD-008 BLD-011 changed failed drained package munge, credential clock said installed"
    assert set(wanted.split()) <= words
    plain = CliRunner().invoke(app, ["plan"]).stdout
    assert "\x1b" not in plain
    assert "\u2026" not in plain
    assert {"BLD-006", "BLD-016", "10.20.0.0/24,", "controller"} <= set(plain.split())


def test_a_word_that_no_terminal_has_room_for_is_broken_and_whole(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    word = "x" * 300 + "END"
    played(BLD_008=BladeState(lines=[word]))
    out = CliRunner().invoke(app, ["slurm"]).stdout.split("time: ")[0]
    assert max(map(len, out.splitlines())) <= 80
    assert word in "".join(out.replace("BLD-008", "").split()).replace("changed0.0s", "")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_words_of_a_blade_stand_behind_the_bar_in_every_line(
    played: Played, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Broken by the terminal, they could begin a line that passes for a step of ours."""
    monkeypatch.setenv("COLUMNS", str(width))
    evidence = " ".join(["word"] * 7 + ["next:", "rm", "-rf", "/"] + ["word"] * 30) + " " + "x" * 200
    played(ExitCode.FAILED, BLD_008=BladeState(failure=Diagnosis("odd", "look", evidence)))
    lines = CliRunner().invoke(app, ["slurm"]).stdout.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("BLD-008: odd"))
    behind = [line for line in lines[first + 1 :] if "word" in line or "rm" in line or line.endswith("x")]
    assert len(behind) > 2
    assert all(line.startswith("    | ") and len(line) <= width for line in behind)
    assert "".join(line[6:].replace(" ", "") for line in behind) == evidence.replace(" ", "")
    assert "  next: look" in lines


def test_a_next_step_is_in_one_piece(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    step = "run `scontrol update NodeName=bld-008 State=resume Reason=because` on the controller"
    played(ExitCode.FAILED, BLD_008=BladeState(failure=Diagnosis("odd", step)))
    assert step in CliRunner().invoke(app, ["slurm"]).stdout


REASON = "provision: 20261126T033744Z-12 munge refuses the credential of this node, see journalctl -u munge there"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_word_of_status_and_disks_is_lost(played: Played, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    nodes = [["bld-008", "drained", "4/28/0/32", "31440", "22.05.8", REASON, "root", "Unknown", "admin"]]
    told = {"up": True, "nodes": nodes, "running": [], "pending": 1}
    path, model, held = "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", "HP EG0300FBDSP", "LVM volume group vg_home"
    disk = {"path": path, "size_gb": 300, "verdict": "used", "id": path, "model": model, "serial": "1", "label": "",
            "evidence": [held]}  # fmt: skip
    played(results={"bld-006": {"Ask slurmctld": told}, "bld-008": {"Report the disks": {"disks": [disk]}}})
    status = CliRunner().invoke(app, ["status"]).stdout
    assert set(REASON.split()) <= set(status.split())
    disks = CliRunner().invoke(app, ["disks", "--nodes", "BLD-008"]).stdout
    assert {*held.split(), *model.split(), path} <= set(disks.split()), disks
    assert "\x1b" not in status + disks
