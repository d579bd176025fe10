"""The folder of a run and the processes that carry its name, with real processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from provisioner.run.workplace import clear, end_processes, is_dead, processes, sweep, workplace

# Holds a workplace until its input ends, as a run does.
RUN = (
    "import sys; from provisioner.run.workplace import workplace\n"
    "with workplace() as folder:\n    print(folder, flush=True); sys.stdin.read()\n"
)
DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders are; sweep() of a test sees no others."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        with process:
            pass


@contextmanager
def killed_run(place: Path) -> Iterator[Path]:
    """The folder of a run that was killed with SIGKILL."""
    with running(sys.executable, "-c", RUN, TMPDIR=str(place)) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert not is_dead(folder)
        process.kill()
        process.wait()
        yield folder


def test_it_is_private_and_gone_afterwards(place: Path) -> None:
    with workplace() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(place.iterdir()) == [folder]
    assert list(place.iterdir()) == []


def test_a_run_that_lives_is_left_alone(place: Path) -> None:
    with workplace() as folder:
        assert not is_dead(folder)
        assert sweep() == []
        assert folder.is_dir()


def test_what_a_killed_run_left_is_swept_up(place: Path) -> None:
    with killed_run(place) as folder:
        (folder / "artifacts").mkdir()
        (folder / "artifacts" / "command").write_text("the environment of the caller")
        assert is_dead(folder)
        assert sweep() == [], "nothing was at work there"
    assert list(place.iterdir()) == []


def test_another_users_and_other_folders_stay(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "provision-run.link").symlink_to("/")
    (place / "provision-runs").mkdir()
    (place / "provision-run.theirs").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert sweep() == []
    assert len(list(place.iterdir())) == 3


def test_a_number_that_came_again_keeps_no_folder_alive(place: Path) -> None:
    """The lock on the folder decides, not whether some process has the number of the dead one."""
    with killed_run(place) as folder:
        again = folder.with_name(f"provision-run.{os.getpid()}")
        folder.rename(again)
        sweep()
        assert not again.exists()


@pytest.mark.parametrize("by", ["command line", "environment"])
def test_processes_of_a_run_are_known_in_any_session(by: str) -> None:
    with workplace() as folder:
        words = ["sh", "-c", "echo there; read x", f"{folder}/cp/x" if by == "command line" else "x"]
        with running(*words, ANSIBLE_LOCAL_TEMP=f"{folder}/tmp" if by == "environment" else "") as one:
            # The kernel lets Popen return a moment before it shows the command line of what was started.
            assert one.stdout is not None
            assert one.stdout.readline() == "there\n"
            assert processes(folder) == {one.pid}
            assert processes(Path(f"{folder}x")) == processes(Path(str(folder)[:-1])) == set()
            assert end_processes(folder)
            assert one.wait() == -signal.SIGTERM
        assert not end_processes(folder)


def test_one_that_does_not_hear_is_killed() -> None:
    with workplace() as folder, running(sys.executable, "-c", DEAF, PLACE=f"{folder}/tmp") as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "deaf\n"
        assert clear(folder, grace=0.2)
        assert one.wait() == -signal.SIGKILL
        assert not folder.exists()


def test_whatever_ends_a_run_its_processes_end_with_it() -> None:
    with running("cat") as bystander:
        with suppress(RuntimeError), workplace() as folder, running("cat", PLACE=f"{folder}/") as one:
            clear(folder)
            assert one.wait() == -signal.SIGTERM
            raise RuntimeError
        assert bystander.poll() is None
