"""Younger namespaces get higher ids, as mounts of namespaces want it.

Linux 6.18 gives ids of namespaces out in batches, one for each CPU, and refuses to bind the mount namespace of a job
where its id is lower than that of the blade around it: as if the job were older than its blade. A blade of metal is
never hit, since the first namespace of a machine has the lowest id.

Each boot of a blade runs this file, since one that reboots gets its namespaces without anybody of this machine.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_NEW_UTS = 0x04000000
# _IOR(0xb7, 13, __u64): the id of a namespace. A kernel that does not know it has no batches.
_GET_ID = 0x8008B70D
_OWN = Path("/proc/thread-self/ns/uts")
_MOST = 200_000
"""Namespaces that are made at most for one CPU; a batch has some thousand, and each takes a microsecond or two."""


def use_up_low_ids() -> None:
    """Makes namespaces on each CPU until those that come later have a higher id than all that are there."""
    cpus = sorted(os.sched_getaffinity(0))
    newest = [_on(cpu, _next_id) for cpu in cpus]
    if 0 in newest:
        return

    def until_higher() -> int:
        return next((found for _ in range(_MOST) if not 0 < (found := _next_id()) <= max(newest)), 0)

    for cpu in cpus:
        _on(cpu, until_higher)


def _on(cpu: int, work: Callable[[], int]) -> int:
    """What is done by a thread of its own on this CPU: it alone changes its namespace."""
    found = [0]

    def there() -> None:
        os.sched_setaffinity(0, {cpu})
        found[0] = work()

    thread = threading.Thread(target=there)
    thread.start()
    thread.join()
    return found[0]


def _next_id() -> int:
    """The id of a namespace that is made right now; 0 where the kernel makes none, or tells none."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_UTS) != 0:
        return 0
    try:
        with _OWN.open("rb") as namespace:
            return int(struct.unpack("Q", fcntl.ioctl(namespace, _GET_ID, bytes(8)))[0])
    except OSError:
        return 0


if __name__ == "__main__":
    use_up_low_ids()
