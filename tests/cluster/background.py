"""A run of `provision` that a test watches, and stops or kills in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
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
        """Command lines of processes that the run left behind."""
        return [line for line in _command_lines() if str(self.temporary) in line]


@contextmanager
def background(lab: Lab, *words: str) -> Iterator[Background]:
    """Starts `provision WORDS` in a session of its own; kills what is left of it at the end."""
    # a short path: the sockets of ssh live below it
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        log = Path(folder) / "log"
        (Path(folder) / "tmp").mkdir()
        with log.open("wb") as stream:
            process = subprocess.Popen(
                lab.command(*words),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=lab.variables(TMPDIR=f"{folder}/tmp"),
                start_new_session=True,
            )
        try:
            yield Background(process, log, Path(folder) / "tmp")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _command_lines() -> list[str]:
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:  # it ended while we looked
                continue
            lines.append(b" ".join(words).decode(errors="replace"))
    return lines
