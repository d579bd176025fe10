"""A run of `provision` on a terminal of its own, as a person starts it: with colours, a live table and no cursor."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import subprocess
import tempfile
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.background import Background
from tests.cluster.labs import Lab

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Terminal(Background):
    """A run whose output is what the terminal got."""

    @property
    def text(self) -> str:
        """What it has said so far; half a character at the end is none."""
        return self.log.read_text(errors="replace")

    @property
    def cursor_is_lost(self) -> bool:
        """Whether the last word about the cursor was to hide it."""
        return self.text.rfind(_HIDE) > self.text.rfind(_SHOW)

    def processes(self, word: str) -> list[int]:
        """Processes of this run whose command line has the word."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if word in line and str(self.temporary) in line + (entry / "environ").read_text(errors="replace"):
                        found.append(int(entry.name))
        return found


def _own_terminal() -> None:
    """In the child, which leads a session already: its standard input becomes the terminal of that."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _copy(terminal: int, log: Path) -> None:
    """What the terminal gets goes into the file until nobody has it open any more."""
    with log.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while data := os.read(terminal, 65536):
            file.write(data)


@contextmanager
def on_terminal(lab: Lab, *words: str) -> Iterator[Terminal]:
    """Starts `provision WORDS`; kills what is left of it at the end."""
    # a short path: the sockets of ssh live below it
    with tempfile.TemporaryDirectory(prefix="t", ignore_cleanup_errors=True) as folder:
        log, temporary = Path(folder) / "log", Path(folder) / "tmp"
        temporary.mkdir()
        log.touch()
        ours, its = pty.openpty()
        process = subprocess.Popen(
            lab.command(*words),
            stdin=its,
            stdout=its,
            stderr=its,
            env=lab.variables(TMPDIR=str(temporary), TERM="xterm", COLUMNS="120", LINES="40"),
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(its)
        copier = threading.Thread(target=_copy, args=(ours, log), daemon=True)
        copier.start()
        run = Terminal(process, log, temporary)
        try:
            yield run
        finally:
            for left in (process.pid, *run.processes("")):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
            process.wait()
            copier.join(timeout=10)
            os.close(ours)
