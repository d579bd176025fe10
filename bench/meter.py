"""Runs commands and says what they took of this machine: wall-clock and CPU seconds."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SET_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <sys/prctl.h>
_GOODBYE_SECONDS = 5
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Measured:
    """What commands that ran at once took, and per command its exit code and what it printed.

    `seconds` until the last one had ended; `cpu_seconds` user and system time of all their processes.
    """

    seconds: float
    cpu_seconds: float
    codes: list[int]
    out: list[str]
    err: list[str]


def measure(commands: Sequence[Sequence[str]], environment: Mapping[str, str] | None = None) -> Measured:
    """Starts all commands at once and waits for them.

    ssh leaves processes behind that keep connections open (ControlPersist). They would neither be counted nor
    start anew in the next round, so they become our children, are ended once the time is taken, and count.
    """
    before = _cpu_of_children()
    with contextlib.ExitStack() as stack, _adopting():
        # files and not pipes: a pipe that a process left behind holds open does not end
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(2 * len(commands))]
        outs, errs = files[: len(commands)], files[len(commands) :]
        start = time.monotonic()
        started = [
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
            for command, out, err in zip(commands, outs, errs, strict=True)
        ]
        codes = [process.wait() for process in started]
        seconds = time.monotonic() - start
        _end_orphans()
        cpu = _cpu_of_children() - before
        return Measured(seconds, cpu, codes, [_read(file) for file in outs], [_read(file) for file in errs])


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _cpu_of_children() -> float:
    """CPU seconds of all children that were waited for, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Makes this process the parent of what its children leave behind."""
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _end_orphans() -> None:
    """Ends and waits for the children that are left: every command was waited for, so these are adopted ones."""
    deadline = time.monotonic() + _GOODBYE_SECONDS
    word = signal.SIGTERM
    while left := _children():
        for pid in left:
            os.kill(pid, word)
            os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            word = signal.SIGKILL
        time.sleep(_POLL_SECONDS)


def _children() -> list[int]:
    """The processes whose parent is this one, also those that ended and nobody waited for."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # the name in parentheses may hold anything; behind it stand the state and the parent
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it ended while we looked
        if parent == os.getpid():
            found.append(int(stat.parent.name))
    return found
