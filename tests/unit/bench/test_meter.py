"""What is counted; how long it takes is never asserted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.meter import measure

SPIN = "import time\nwhile time.process_time() < 0.2: pass"


def test_commands_run_at_once_and_say_how_they_ended() -> None:
    done = measure([["sh", "-c", "echo one"], ["sh", "-c", "echo two >&2; exit 3"]])
    assert done.codes == [0, 3]
    assert done.out == ["one\n", ""]
    assert done.err == ["", "two\n"]


def test_the_cpu_of_grandchildren_counts() -> None:
    assert measure([["sh", "-c", f'{sys.executable} -c "{SPIN}"; true']]).cpu_seconds > 0.19


def test_what_a_command_leaves_behind_is_counted_and_ended(tmp_path: Path) -> None:
    """As ssh does: in a session of its own, its parent gone, its output still open."""
    pid, ready = tmp_path / "pid", tmp_path / "ready"
    spin = f"{SPIN}\nopen('{ready}', 'w').close()\nimport signal\nsignal.pause()"
    script = f'setsid {sys.executable} -c "{spin}" & echo $! > {pid}; until [ -e {ready} ]; do :; done'
    done = measure([["sh", "-c", script]])
    assert done.codes == [0]
    assert done.cpu_seconds > 0.19
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_nobody_is_adopted_afterwards() -> None:
    """A container that is started between two rounds must not become a child that is ended."""
    measure([["true"]])
    here = os.getpid()
    script = "sh -c 'while [ $(cut -d\" \" -f4 /proc/$$/stat) = '$$' ]; do :; done; cut -d\" \" -f4 /proc/$$/stat' &"
    with os.popen(script) as orphan:
        assert int(orphan.read()) != here
