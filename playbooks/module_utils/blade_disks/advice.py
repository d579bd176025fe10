"""The exact next step a person takes after a refusal. Pure text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from . import stamp
from .model import Disk, slot_label
from .verdict import evidence, is_labelled, verdict


def describe(disk: Disk) -> str:
    """One disk in one line: `/dev/sdb (300 GB): ext4 labelled data`."""
    kind = verdict(disk)
    found = {"boot": "the boot disk", "free": "free"}.get(kind) or "; ".join(evidence(disk))
    return f"{disk.name} ({disk.size_gb} GB): {found}"


def describe_all(disks: Iterable[Disk]) -> str:
    """All disks in one line, or that there are none."""
    return " | ".join(describe(disk) for disk in disks) or "no disk at all"


def release(disk: Disk, number: int) -> str:
    """How a person gives the disk away as scratch slot `number`, after they looked at it.

    wipefs alone would leave old data behind, which the guard refuses again; a filesystem with our label and
    the mark of this disk is adopted by the next run. There is no -f here either: mkfs.xfs stays the second guard.
    """
    if verdict(disk) == "boot":
        return f"the boot disk never becomes scratch: take {disk.name} out of the plan's scratch disks"
    if disk.twins:
        return multipath(disk)
    if is_labelled(disk):
        return (
            f"if it is scratch, write its id into the plan (`provision disks --adopt` does): it is used as it is then, "
            f"and nothing on {disk.name} is formatted or opened"
        )
    if disk.error or disk.read_only:
        return f"repair or replace {disk.name}, or take it out of the plan"
    name = shlex.quote(disk.name)
    mark = f" -m uuid={stamp.for_a_person(disk.identities[0], disk.size_bytes)}" if disk.identities else ""
    command = f"wipefs --all {name} && mkfs.xfs -K -L {slot_label(number)}{mark} {name}"
    first = ""
    if disk.mounts or disk.swap or disk.holders or disk.busy or disk.uses:
        first = "take it out of use (umount, swapoff, vgchange -an or mdadm --stop), then "
    return (
        f"look at it; only if nobody needs what is on {disk.name}, {first}"
        f"run on the blade: {command}  and start this run again"
    )


def multipath(disk: Disk) -> str:
    """What to do about a disk that is seen twice. Never a command: on either path it would end in two mounts."""
    return (
        f"{disk.path} and {' and '.join(disk.twins)} are paths to one disk (multipath), which does not become scratch: "
        "take one of the paths away, or the disk out of the plan"
    )
