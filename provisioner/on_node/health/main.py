"""slurm-health: looks at the node and tells Slurm; slurmd runs it, and so may a person."""

from __future__ import annotations

import os
import sys
from functools import partial

from .hardware import counted_trouble, disk_trouble, lost_gpus, memory_errors
from .places import read_only_trouble, room_trouble, scratch_trouble, unwritable_trouble
from .services import clock_trouble, munge_trouble
from .slurm import CONF, tell
from .watch import Checks, look

LOOKS_ONLY = "--look"
_LOCK = "/run/slurm-health.lock"
# Seconds for all checks together. slurmd gives up after 60, and waits for it before it registers the node.
_SECONDS = 20
# Where slurmd works on a filesystem of its own, slurmd says itself that it is full.
_SYSTEM = ("/", "/var", "/var/log/slurm")
_WRITTEN = (*_SYSTEM, "/var/lib/slurm/slurmd", "/tmp", "/var/tmp", "/home")


def main(scratch: str, scratch_mib: int, system_mib: int, clock_seconds: float) -> int:
    """Looks, prints what it found, tells slurmctld; with the word `--look` it tells nobody.

    Args:
        scratch: the mount point of scratch, '' where this program is not to look after it.
        scratch_mib: MiB below which it is full.
        system_mib: the same of the system disk.
        clock_seconds: how far the clock may be off.

    Returns:
        The exit code: 1 where slurmctld could not be told, or a check failed, so that slurmd's log has the words.
    """
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["LC_ALL"] = "C"
    node = os.environ.get("SLURMD_NODENAME") or os.uname().nodename.partition(".")[0]
    checks: Checks = {
        **({scratch: partial(scratch_trouble, scratch, scratch_mib)} if scratch else {}),
        "read-only filesystems": partial(read_only_trouble, _WRITTEN),
        "the system disk": partial(room_trouble, _SYSTEM, system_mib),
        "/var/lib": partial(unwritable_trouble, "/var/lib"),
        "disks": partial(disk_trouble, [*_SYSTEM, *([scratch] if scratch else [])]),
        "CPUs and memory": partial(counted_trouble, node, CONF),
        "memory errors": memory_errors,
        "the clock": partial(clock_trouble, clock_seconds),
        "munge": munge_trouble,
        "GPUs": lost_gpus,
    }
    found = look(checks, _LOCK, _SECONDS)
    if found is None:
        print("another check is at work")
        return 0
    wrong, unknown = found
    trouble = ", ".join(dict.fromkeys(wrong))
    # A cause that nobody could look at is not gone.
    tells = LOOKS_ONLY not in sys.argv[1:] and (trouble or not unknown)
    failed = tell(node, trouble) if tells else ""
    print(
        "\n".join(
            filter(None, [trouble or ("" if unknown else "nothing speaks against jobs on this node"), *unknown, failed])
        )
    )
    return 1 if unknown or (failed and trouble) else 0
