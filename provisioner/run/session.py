"""One run from lock to record: only one at a time, stopped cleanly by Ctrl-C and SIGTERM."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock, Timeout

from provisioner.errors import BusyError
from provisioner.private import write_private
from provisioner.run.owner import busy, is_dead, this_owner

STOPPING = "stopping: what works on this machine is ended within seconds; Ctrl-C again ends it now"


def say_stopping() -> None:
    """Says on standard error that the request was heard; Python's own buffers may be half written just then."""
    with contextlib.suppress(OSError):
        os.write(2, f"{STOPPING}\n".encode())


@dataclass
class Interrupt:
    """Whether a person or the system asked the run to stop.

    `heard` is called by the first signal: it says so to a person. `hurry` is called by a second one: it ends at once
    whatever the run waits for.
    """

    signal: int | None = None
    heard: Callable[[], object] = say_stopping
    hurry: Callable[[], object] | None = None

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
def only_run(state: Path, cluster: str, run: str) -> Iterator[None]:
    """Holds this user's lock of the cluster on this machine, which costs nothing; the cluster's own is on its
    controller. The kernel lets go of it when the process dies, however it dies.

    Raises:
        BusyError: another run holds it.
    """
    lock, note = FileLock(state / "lock"), state / "lock.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(*_who(note, cluster)) from None
    try:
        write_private(note, json.dumps({**this_owner(run, os.getpid()), "since": time.time()}))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _who(note: Path, cluster: str) -> tuple[str, str]:
    """What is known of the run that holds the lock; nothing in the moment in which it begins or ends."""
    owner: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(note.read_text())
        if not is_dead(found):
            owner = {**found, "age": time.time() - found["since"]}
    step = f"wait for it to end, or end its process {owner['pid']} here" if owner else "wait for it to end"
    return busy(cluster, owner, f"{step}, then run again")


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Turns SIGINT, SIGTERM and SIGHUP into a flag; a second signal makes haste, a third ends this process."""
    interrupt = Interrupt()
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.signal is None:
            interrupt.signal = number
            interrupt.heard()
            return
        for kind in kinds:
            signal.signal(kind, signal.SIG_DFL)
        if interrupt.hurry is not None:
            interrupt.hurry()

    before = {kind: signal.signal(kind, note) for kind in kinds}
    try:
        yield interrupt
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
