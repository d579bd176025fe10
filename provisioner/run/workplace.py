"""The private folder of a run, and how nothing of a run stays behind, however it ends.

Every process of a run carries the folder's path in its command line or environment: Ansible, its workers and the ssh
masters. So they are found whatever session or process group they moved to, and no other process is ever taken for one.
The guard of a run and every verb start with this file, so what they seldom need is imported where it is used.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "provision-run."
GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.02


@contextmanager
def workplace() -> Iterator[Path]:
    """A 0700 folder for one run; afterwards its processes have ended and it is gone.

    While the run lives, it holds a lock on the folder: the kernel lets go of it when the process dies.
    """
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    # Under its name it is locked from the first moment on.
    folder = folder.rename(folder.with_name(folder.name.removeprefix(".")))
    try:
        yield folder
    finally:
        clear(folder)
        os.close(handle)


def clear(folder: Path, grace: float = GRACE_SECONDS) -> bool:
    """Ends what still works for the run of this folder and removes the folder; whether there was anything to end."""
    import shutil

    worked = end_processes(folder, grace)
    shutil.rmtree(folder, ignore_errors=True)
    return worked


def sweep() -> list[str]:
    """Ends and removes what dead runs of this user left on this machine; the folders in which something still worked.

    Several may do it at the same time: the guard of the dead run and any verb. Each returns when it is done.
    """
    import tempfile

    busy = []
    for place in {Path(tempfile.gettempdir()), Path("/tmp")}:
        for folder in sorted(place.glob(f"{PREFIX}*")):
            if is_dead(folder) and clear(folder):
                busy.append(str(folder))
    return busy


def is_dead(folder: Path) -> bool:
    """Whether the run of this folder, one of this user's, is over."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if os.fstat(handle).st_uid != os.getuid():
            return False
        # Shared among those who clean up; the run itself holds it alone.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def end_processes(folder: Path, grace: float = GRACE_SECONDS) -> bool:
    """Ends all processes of the run: by request, after the grace (seconds) for good; whether there were any."""
    found = False
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    left = processes(folder)
    while left:
        found = True
        late = time.monotonic() >= deadline
        for process in left if late else left - asked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL if late else signal.SIGTERM)
        asked |= left
        if late and time.monotonic() >= deadline + GRACE_SECONDS:
            break  # one that waits for a dead disk cannot be ended by anybody
        time.sleep(_POLL_SECONDS)
        # All processes are looked at again, for what these started meanwhile, only when these are gone.
        left = {process for process in left if _carries(process, _mark(folder))} or processes(folder)
    return found


def processes(folder: Path) -> set[int]:
    """The processes of this user that work for the run of this folder."""
    mark = _mark(folder)
    numbers = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
    return {process for process in numbers if process != os.getpid() and _carries(process, mark)}


def _mark(folder: Path) -> bytes:
    # With what follows a path: no folder is taken for another whose name it begins.
    return f"{folder}/".encode()


def _carries(process: int, mark: bytes) -> bool:
    """Whether it is this user's and has the mark; a plain read, since a machine has thousands of processes."""
    try:
        # An ssh master writes its title over its environment, and the title has its socket in the folder.
        return mark in _read(f"/proc/{process}/cmdline") or mark in _read(f"/proc/{process}/environ")
    except OSError:  # it ended while we looked, or belongs to somebody else
        return False


def _read(path: str) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        if os.fstat(handle).st_uid != os.getuid():
            raise PermissionError(path)
        parts = []
        while part := os.read(handle, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(handle)
