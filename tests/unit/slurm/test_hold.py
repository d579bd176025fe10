"""The program that lets no job begin while slurmctld stops, with stand-ins of Slurm's commands in its PATH."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.contracts.ansible_files import state_of

COMMANDS = {
    "scontrol": """
echo "$1 $2" >> "$HERE/said"
[ "$1" != create ] || [ -e "$HERE/answers" ] || exit 1
[ "$1" != ping ] || [ ! -e "$HERE/answers" ] || echo "Slurmctld(primary) at x is UP"
""",
    # What there is now, and next time.
    "squeue": 'echo squeue >> "$HERE/said"; head -n 1 "$HERE/jobs"; sed -i 1d "$HERE/jobs"',
    "sleep": "",
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name, script in COMMANDS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    program = state_of("slurmctld")["files"]["/usr/local/sbin/slurmctld-hold"]["content"]
    (tmp_path / "hold").write_text(program)
    (tmp_path / "hold").chmod(0o755)
    (tmp_path / "jobs").write_text("")
    (tmp_path / "answers").touch()
    return tmp_path


def hold(here: Path, *words: str, **more: str) -> tuple[int, list[str]]:
    """How it ended, and what it asked."""
    environment = {**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "HERE": str(here), **more}
    done = subprocess.run(["sh", str(here / "hold"), *words], env=environment, check=False, timeout=30)
    said = here / "said"
    return done.returncode, said.read_text().splitlines() if said.exists() else []


@pytest.mark.parametrize(
    ("jobs", "looks"),
    [
        ("", 1),
        ("None 10:02\n", 1),
        ("None 1-00:00:01\n", 1),
        ("None 0:02\nNone 0:03\n", 2),
        ("Prolog 0:09\nProlog 0:10\nNone 0:11\n", 3),
        ("Prolog 0:09\n" * 99, 10),
    ],
)
def test_it_waits_for_jobs_that_have_just_begun_and_not_for_long(here: Path, jobs: str, looks: int) -> None:
    (here / "jobs").write_text(jobs)
    assert hold(here, "begin") == (0, ["create reservation", *["squeue"] * looks])


def test_a_slurmctld_that_does_not_answer_is_stopped_at_once(here: Path) -> None:
    (here / "answers").unlink()
    assert hold(here, "begin") == (0, ["create reservation"])


def test_jobs_begin_again_once_slurmctld_answers(here: Path) -> None:
    assert hold(here, "end") == (0, ["ping ", "delete reservation=provision-hold"])


def test_nobody_waits_for_a_slurmctld_that_died_at_its_start(here: Path) -> None:
    (here / "answers").unlink()
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert hold(here, "end", MAINPID=str(ended.pid)) == (0, ["ping "])


@pytest.mark.parametrize("code", [0, 7])
def test_around_a_command_none_begins_and_its_code_stays(here: Path, code: int) -> None:
    ended, said = hold(here, "while", "sh", "-c", f'echo command >> "$HERE/said"; exit {code}')
    assert ended == code
    # What failed is for whoever starts slurmctld anew; the reservation is over in a minute.
    assert said == [
        "create reservation",
        "squeue",
        "command",
        *([] if code else ["ping ", "delete reservation=provision-hold"]),
    ]
