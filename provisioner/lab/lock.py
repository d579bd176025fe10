"""One `provision lab` command at a time per cluster."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioner.errors import BusyError

# a killed command's last podman, which may build an image, lives this long at most
WAIT_SECONDS = 120
# The kernel tells nobody with a deadline that a lock is free, so it is asked.
_POLL_SECONDS = 0.1
_held: list[int] = []


@contextmanager
def only_one(state: Path, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Holds the lab for this process and for the programs it starts.

    The lock sits on the folder itself: `lab down` leaves no lock file behind, and no crash leaves
    a stale one. Programs inherit it: what a killed command had just started may still make a
    container, so the next command waits for that to end before it looks at what is there.

    Raises:
        BusyError: another lab command of this cluster still runs after this many seconds.
    """
    handle = os.open(state, os.O_RDONLY)
    try:
        _lock(handle, state.name, seconds)
        _held.append(handle)
        yield
    finally:
        if handle in _held:
            _held.remove(handle)
        os.close(handle)


def inherited() -> tuple[int, ...]:
    """The file handles to pass to programs, so that they hold the lock too."""
    return tuple(_held)


def _lock(handle: int, cluster: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise BusyError(
                    f"another provision lab command works on {cluster}", "wait until it has ended"
                ) from None
            time.sleep(_POLL_SECONDS)
