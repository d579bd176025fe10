"""The guard of a run, with runs that are really killed, on a real terminal (a pty)."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.run.workplace import processes
from tests.cluster.waiting import until

# A run with something at work, its cursor hidden as rich hides it.
RUN = """\
import os, signal, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # tests under nohup ignore it
from provisioner.run.guard import guarded
from provisioner.run.workplace import workplace
with workplace() as folder, guarded(folder):
    subprocess.Popen(["sleep", "600"], env={"PLACE": f"{folder}/"}, start_new_session=True)
    print("\\x1b[?25l", flush=True)
    print(folder, file=sys.stderr, flush=True)
    sys.stdin.read()
"""


class Run:
    """A run with a guard; standard output is a terminal."""

    def __init__(self, place: Path, script: str = RUN) -> None:
        self.master, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=terminal,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(place)},
            start_new_session=True,
        )
        os.close(terminal)
        assert self.process.stderr is not None
        self.folder = Path(self.process.stderr.readline().decode().strip())
        # Not at once: the kernel lets Popen return a moment before it shows the environment of what was started.
        assert until(lambda: len(processes(self.folder)) == 1, 20)

    def shown(self) -> bool:
        """Whether the last word about the cursor is to show it. Reads until the terminal has no writer any more."""
        said = b""
        try:
            while part := os.read(self.master, 4096):
                said += part
        except OSError:  # the last one has closed it
            pass
        finally:
            os.close(self.master)
        return re.findall(rb"\x1b\[\?25([hl])", said)[-1:] == [b"h"]


@pytest.mark.parametrize("group", [False, True], ids=["run", "group"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_dies_leaves_no_process_no_folder_and_a_cursor(
    tmp_path: Path, number: signal.Signals, group: bool
) -> None:
    run = Run(tmp_path)
    (os.killpg if group else os.kill)(run.process.pid, number)
    run.process.communicate(timeout=20)
    assert until(lambda: not processes(run.folder), 20)
    assert until(lambda: list(tmp_path.iterdir()) == [], 20)
    assert run.shown()


def test_a_run_whose_folder_somebody_removed_leaves_no_process_either(tmp_path: Path) -> None:
    run = Run(tmp_path)
    shutil.rmtree(run.folder)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.communicate(timeout=20)
    assert until(lambda: not processes(run.folder), 20)
    assert run.shown()


def test_the_pipe_of_a_dead_run_may_end_before_its_lock(tmp_path: Path) -> None:
    """In which order the kernel closes them is its own affair; here the lock stays for half a second."""
    keep = (
        "    held = [n for n in os.listdir('/proc/self/fd') if os.path.realpath(f'/proc/self/fd/{n}') == str(folder)]\n"
        "    subprocess.Popen(['sleep', '0.5'], pass_fds=[int(held[0])], start_new_session=True)\n"
    )
    run = Run(tmp_path, RUN.replace("    print", keep + "    print", 1))
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    assert until(lambda: not processes(run.folder), 20)
    assert until(lambda: list(tmp_path.iterdir()) == [], 20)
    assert run.shown()
    run.process.communicate(timeout=20)


def test_a_run_that_ends_by_itself_takes_its_guard_along(tmp_path: Path) -> None:
    run = Run(tmp_path)
    _, err = run.process.communicate(timeout=20)
    assert run.process.returncode == 0, err
    # Nobody has the terminal open any more: the guard is gone, without a word.
    assert not run.shown()
    assert list(tmp_path.iterdir()) == []


def test_the_guard_is_not_taken_for_a_part_of_the_run(tmp_path: Path) -> None:
    """Any verb that sweeps up meanwhile would end it before it has shown the cursor."""
    run = Run(tmp_path)
    guards = subprocess.run(
        ["pgrep", "-P", str(run.process.pid), "-f", "provisioner.run.guard"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(guards) == 1
    assert int(guards[0]) not in processes(run.folder)
    run.process.communicate(timeout=20)
    os.close(run.master)
