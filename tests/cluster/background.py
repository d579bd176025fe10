"""A run of `provision` that a test watches, and stops or kills in the middle."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.labs import Lab
from tests.cluster.waiting import until


@dataclass
class Background:
    """A running command; its output goes to a file, its temporary files into a folder of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    temporary: Path

    @property
    def text(self) -> str:
        """What it has said so far."""
        return self.log.read_text()

    def reaches(self, point: Callable[[], bool], seconds: float = 120) -> None:
        """Waits until a point of the run."""
        until(lambda: point() or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, f"the run was over before the point came:\n{self.text}"

    def stop(self, number: signal.Signals, seconds: float = 60) -> int:
        """Signals the whole process group, as a terminal does for Ctrl-C; returns the exit code."""
        with contextlib.suppress(ProcessLookupError):  # it was faster than the signal
            os.killpg(self.process.pid, number)
        return self.process.wait(timeout=seconds)

    def strays(self) -> list[str]:
        """Command lines of processes that the run left behind, in whatever session."""
        return [each.line for each in processes() if str(self.temporary) in each.line + each.environment]

    def shows_cursor(self) -> bool:
        """Whether its last word to the terminal about the cursor is to show it."""
        return re.findall(r"\x1b\[\?25([hl])", self.text)[-1:] == ["h"]


@contextmanager
def background(lab: Lab, *words: str, terminal: bool = False) -> Iterator[Background]:
    """Starts `provision WORDS` in a session of its own; kills what is left of it at the end.

    On a terminal it shows the live table, else it prints lines.
    """
    with running(lab, lab.command(*words), terminal) as started:
        yield started


@contextmanager
def running(lab: Lab, command: list[str], terminal: bool = False, **variables: str) -> Iterator[Background]:
    """Starts any command in the environment of the lab; see `background`."""
    # a short path: the sockets of ssh live below it
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        log = Path(folder) / "log"
        (Path(folder) / "tmp").mkdir()
        own = {"TMPDIR": f"{folder}/tmp", "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/tmp", "TERM": "xterm"}
        with _terminal(log) if terminal else _file(log) as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=lab.variables(**own, **variables),
                start_new_session=True,
            )
            try:
                yield Background(process, log, Path(folder) / "tmp")
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


@contextmanager
def _file(log: Path) -> Iterator[int]:
    with log.open("wb") as file:
        yield file.fileno()


@contextmanager
def _terminal(log: Path) -> Iterator[int]:
    """A terminal whose output goes to the log."""
    master, slave = pty.openpty()

    def copy() -> None:
        with log.open("wb") as file, contextlib.suppress(OSError):  # nobody has it open any more
            while part := os.read(master, 4096):
                file.write(part)
                file.flush()

    log.touch()
    reader = threading.Thread(target=copy)
    reader.start()
    try:
        yield slave
    finally:
        os.close(slave)
        reader.join()
        os.close(master)


@dataclass(frozen=True)
class Process:
    """A process of this machine, with its command line and its environment."""

    pid: int
    line: str
    environment: str


def processes() -> list[Process]:
    """All but this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):  # it ended while we looked
                line, environment = (
                    (entry / name).read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    for name in ("cmdline", "environ")
                )
                found.append(Process(int(entry.name), line, environment))
    return found


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
