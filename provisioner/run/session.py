"""One run from lock to record: only one at a time, stopped cleanly by Ctrl-C and SIGTERM."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from provisioner.errors import BusyError


@dataclass
class Interrupt:
    """Whether a person or the system asked the run to stop."""

    signal: int | None = None

    def __call__(self) -> bool:
        """What ansible-runner asks between events; true stops it."""
        return self.signal is not None


@dataclass(frozen=True)
class RunId:
    """Names a run in records, on the blades and in the registry; unique per machine."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __str__(self) -> str:
        return f"{self.started:%Y%m%dT%H%M%S}Z-{os.getpid()}"


@contextmanager
def only_run(state: Path, cluster: str) -> Iterator[None]:
    """Holds the lock of the cluster; the kernel lets go of it when the process dies, however it dies.

    Raises:
        BusyError: another run holds it.
    """
    lock = FileLock(state / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"another run works on cluster {cluster}", "wait for it to end, then run again") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Turns SIGINT, SIGTERM and SIGHUP into a flag; a second signal of the same kind ends the process."""
    interrupt = Interrupt()
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def note(number: int, frame: FrameType | None) -> None:
        interrupt.signal = number
        signal.signal(number, signal.SIG_DFL)

    before = {kind: signal.signal(kind, note) for kind in kinds}
    try:
        yield interrupt
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
