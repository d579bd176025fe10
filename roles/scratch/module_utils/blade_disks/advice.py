"""The exact next step a person takes after a refusal. Pure text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from .model import Disk, slot_label
from .verdict import evidence, verdict


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

    wipefs alone would leave old data behind, which the guard refuses again; a filesystem with our
    label is adopted by the next run. There is no -f here either: mkfs.xfs stays the second guard.
    """
    if verdict(disk) == "boot":
        return f"the boot disk never becomes scratch: take {disk.name} out of the plan's scratch disks"
    if disk.error or disk.read_only:
        return f"repair or replace {disk.name}, or take it out of the plan"
    name = shlex.quote(disk.name)
    command = f"wipefs --all {name} && mkfs.xfs -L {slot_label(number)} {name}"
    first = ""
    if disk.mounts or disk.swap or disk.holders or disk.busy:
        first = "take it out of use (umount, swapoff, vgchange -an or mdadm --stop), then "
    return (
        f"look at it; only if nobody needs what is on {disk.name}, {first}"
        f"run on the blade: {command}  and start this run again"
    )
