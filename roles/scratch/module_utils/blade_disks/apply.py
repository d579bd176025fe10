"""The steps that touch the blade: mkfs, fstab, mount point, mount, mode. Each can be repeated."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import content, fstab, inspect, journal, tree
from .advice import describe, release
from .machine import Machine
from .model import MIB, Disk, Refusal, Slot, slot_number
from .verdict import FREE, verdict


@dataclass
class Applied:
    """What was done, or in check mode would be done."""

    actions: list[str] = field(default_factory=list)
    fstab_before: str = ""
    fstab_after: str = ""


def apply(machine: Machine, slots: Sequence[Slot], check: bool) -> Applied:
    """Bring all slots into use; nothing happens to one that is already right.

    Raises:
        Refusal: a step would hide or destroy something, or failed.
    """
    done = Applied()
    done.fstab_before = read_fstab(machine)
    done.fstab_after = fstab.with_slots(done.fstab_before, slots)
    for slot in slots:
        refuse_wrong_mount(machine, slot)
    for slot in slots:
        if slot.format:
            done.actions.append(f"format {slot.disk.name} as {slot.label}")
            if not check:
                make_filesystem(machine, slot)
        elif slot.disk.half_ours and not check:
            journal.finish(machine.journal, slot.disk)  # mkfs was done, only the note was not
    if done.fstab_after != done.fstab_before:
        done.actions.append("write the fstab")
        if not check:
            write_fstab(machine, done.fstab_after)
    for slot in slots:
        mount(machine, slot, check, done.actions)
    return done


def refuse_wrong_mount(machine: Machine, slot: Slot) -> None:
    """Only our own disk may be mounted at the slot's mount point, and nowhere else."""
    others = [point for point in slot.disk.whole_mounts if point != slot.mount_point]
    if others and slot.mount_point not in slot.disk.whole_mounts:
        raise Refusal(
            f"{slot.disk.name} ({slot.label}) is mounted at {others[0]}, not at {slot.mount_point}",
            f"unmount it first: umount {others[0]}",
        )
    point = Path(slot.mount_point)
    if slot.mount_point in slot.disk.whole_mounts:
        return
    if any(mounted == slot.mount_point for _, mounted in all_mounts(machine)):
        raise Refusal(
            f"something else is mounted at {slot.mount_point}",
            f"see what it is (findmnt {slot.mount_point}) and unmount it",
        )
    if point.is_symlink() or (point.exists() and not point.is_dir()):
        raise Refusal(f"the mount point {slot.mount_point} is not a plain folder", f"move {point} away")
    if point.is_dir() and any(point.iterdir()):
        raise Refusal(
            f"the folder {slot.mount_point} on the system disk is not empty; a mount would hide it",
            f"look at it and move its content away: ls -la {slot.mount_point}",
        )


def all_mounts(machine: Machine) -> list[tuple[str, str]]:
    """Number and mount point of everything mounted, also of what has no block device."""
    rows = (machine.proc / "self" / "mountinfo").read_text().splitlines()
    return [(row.split()[2], tree.unescape(row.split()[4])) for row in rows]


def make_filesystem(machine: Machine, slot: Slot) -> None:
    """mkfs.xfs on a disk that is still empty at this moment.

    Never with -f: mkfs.xfs itself looks for signatures and opens the device exclusively, which is
    the second guard. An own mkfs that was cut off is the one thing erased before.
    """
    disk = _still_empty(machine, slot)
    journal.begin(machine.journal, disk)
    if disk.half_made:
        _run(machine, ["wipefs", "--all", "--types", "xfs", disk.path], slot)
    _run(machine, ["mkfs.xfs", "-q", "-L", slot.label, disk.path], slot)
    journal.finish(machine.journal, disk)


def _still_empty(machine: Machine, slot: Slot) -> Disk:
    """Look again: time has passed since the decision."""
    disk = inspect.examine(machine, slot.disk)
    if verdict(disk) != FREE or content.held_by_another(disk.path):
        raise Refusal(f"not empty any more: {describe(disk)}", release(disk, slot_number(slot.label)))
    return disk


def mount(machine: Machine, slot: Slot, check: bool, actions: list[str]) -> None:
    """Mount what the next boot mounts by label; the root of the filesystem is for everybody, sticky.

    The device itself is named here: a label could lead to a disk that appeared a moment ago.
    """
    point = Path(slot.mount_point)
    if slot.mount_point not in slot.disk.whole_mounts:
        actions.append(f"mount {slot.label} at {slot.mount_point}")
        if check:
            return
        # Closed to users while nothing is mounted: jobs would fill the system disk.
        point.mkdir(parents=True, exist_ok=True)
        point.chmod(0o755)
        _run(machine, ["mount", "-t", "xfs", "-o", "noatime", slot.disk.path, slot.mount_point], slot)
    if stat.S_IMODE(point.stat().st_mode) != 0o1777:
        actions.append(f"open {slot.mount_point} to all users (1777)")
        if not check:
            point.chmod(0o1777)


def size_mib(mount_point: str) -> int:
    """What slurmd reports as TmpDisk: all blocks of the filesystem, in MiB."""
    status = os.statvfs(mount_point)
    return status.f_blocks * status.f_frsize // MIB


def read_fstab(machine: Machine) -> str:
    """The fstab; '' if there is none."""
    try:
        with machine.fstab.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write_fstab(machine: Machine, text: str) -> None:
    """Replace the fstab in one step, with its owner and mode, and tell systemd."""
    target = machine.fstab.resolve()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    candidate = target.with_name(f".{target.name}.provision")
    with candidate.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    candidate.chmod(mode)
    candidate.replace(target)
    if Path("/run/systemd/system").is_dir():
        machine.run(["systemctl", "daemon-reload"])


def _run(machine: Machine, command: Sequence[str], slot: Slot) -> None:
    output = machine.run(command)
    if output.code == 127:
        raise Refusal(f"{command[0]} is missing on the blade", "install it: apt-get install xfsprogs")
    if output.code:
        said = " ".join((output.err.strip() or output.out.strip()).split())
        raise Refusal(
            f"{command[0]} failed for {slot.disk.name}: {said or f'exit code {output.code}'}",
            "the kernel log of the blade may say more: dmesg | tail",
        )
