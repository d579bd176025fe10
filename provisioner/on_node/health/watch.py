"""Checks with one limit of time for all of them, also where one hangs in the kernel: a dead disk lets nobody go.

They run in a process of their own. One that hangs is left behind, since not even SIGKILL ends it, and holds a lock: no
other is started meanwhile. A disk that has much to do may take its time once; what still hangs at the next look is ill.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import time
from collections.abc import Callable, Mapping

Checks = Mapping[str, Callable[[], str]]
"""What is looked at, and what says what is wrong with it."""
# How a line of the process begins: what is wrong, and what could not be found out.
_WRONG, _UNKNOWN = "!", "?"


def look(checks: Checks, lock: str, seconds: float) -> tuple[list[str], list[str]] | None:
    """What is wrong, and what could not be found out; None while another look, that began not long ago, is at work.

    Args:
        checks: in this order.
        lock: a file in a folder of root's; it says what is being looked at since when.
        seconds: the limit.
    """
    held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lines = _watched(checks, held, seconds)
    except BlockingIOError:
        since, what = _marked(held)
        return ([_hangs(what)], []) if what and time.monotonic() - since > seconds else None
    finally:
        # A process that hangs has it still, and with it the lock.
        os.close(held)
    wrong, unknown = ([line[1:] for line in lines if line.startswith(mark)] for mark in (_WRONG, _UNKNOWN))
    return wrong, unknown


def _watched(checks: Checks, held: int, seconds: float) -> list[str]:
    """What the process that looks says within its time."""
    _mark(held, "the node")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        _work(checks, held, writes)
    os.close(writes)
    lines, ended = _hear(reads, time.monotonic() + seconds)
    os.close(reads)
    if ended:
        os.waitpid(child, 0)
        return lines
    os.kill(child, signal.SIGKILL)
    return [*lines, _UNKNOWN + _hangs(_marked(held)[1])]


def _hangs(what: str) -> str:
    return f"looking at {what} does not end"


def _mark(held: int, what: str) -> None:
    text = f"{time.monotonic():.3f} {what}".encode()
    os.ftruncate(held, 0)
    os.pwrite(held, text, 0)


def _marked(held: int) -> tuple[float, str]:
    since, _, what = os.pread(held, 200, 0).decode(errors="replace").partition(" ")
    return float(since or 0), what


def _work(checks: Checks, held: int, writes: int) -> None:
    """The process that looks; it never returns, and holds nothing that a caller waits for."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        for what, check in checks.items():
            _mark(held, what)
            os.write(writes, _line(what, check).encode())
    finally:
        os._exit(0)


def _line(what: str, check: Callable[[], str]) -> str:
    try:
        trouble = check()
    except Exception as error:
        return f"{_UNKNOWN}could not look at {what} ({type(error).__name__})\n"
    return f"{_WRONG}{trouble}\n" if trouble else ""


def _hear(reads: int, end: float) -> tuple[list[str], bool]:
    """The lines that came until the end of the process or of its time, and whether it ended."""
    text, ended = b"", False
    while not ended and (left := end - time.monotonic()) > 0 and select.select([reads], [], [], left)[0]:
        part = os.read(reads, 4096)
        text, ended = text + part, not part
    return text.decode(errors="replace").splitlines(), ended
