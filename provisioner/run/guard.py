"""A small process beside every run that tidies up should the run be killed.

It is outside of the run's session and process group, and notices the end by a pipe that only the run holds.
Standard library only: it starts without the packages of the environment.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from provisioner.run.workplace import clear, is_dead

_LOCK_SECONDS = 30
SHOW_CURSOR = "\x1b[?25h"
_PACKAGE = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.insert(0, sys.argv[1]); from provisioner.run.guard import main; main()"


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Has the processes and the folder of this run cleared away when this process dies inside."""
    import subprocess

    terminal = _terminal()
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _START, _PACKAGE],
        stdin=subprocess.PIPE,
        # Of the terminal, to show its cursor; a pipe would stay open for as long as the guard lives.
        stdout=subprocess.DEVNULL if terminal is None else terminal,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    assert guard.stdin is not None
    try:
        # By the pipe: in its command line or environment the guard would pass for a part of the run.
        guard.stdin.write(f"{folder}\n".encode())
        guard.stdin.flush()
        yield
    finally:
        guard.kill()
        guard.stdin.close()
        guard.wait()


def _terminal() -> int | None:
    """Standard output or error, whichever is a terminal; None when neither is."""
    for stream in (1, 2):
        with suppress(OSError):
            if os.isatty(stream):
                return stream
    return None


def main() -> None:
    """Waits until the run has ended, then clears away what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(sys.stdin.readline().rstrip("\n"))
    sys.stdin.read()
    # Before the rest, which may take seconds: a person looks at this terminal.
    with suppress(OSError):
        if os.isatty(1) and os.environ.get("TERM") != "dumb":
            os.write(1, SHOW_CURSOR.encode())
    # The kernel closes what the dead run had open one by one: the pipe may be gone before the lock on the folder.
    deadline = time.monotonic() + _LOCK_SECONDS
    while folder.name and time.monotonic() < deadline:
        # Whoever has tidied up /tmp has not ended what works for it.
        if is_dead(folder) or not folder.is_dir():
            clear(folder)
            return
        time.sleep(0.02)
