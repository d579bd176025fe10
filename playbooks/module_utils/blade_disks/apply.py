"""The steps that touch the blade: filesystems, fstab, mount point, mount, mode. Each can be repeated."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import fstab, inspect, journal, proof, reading, tree
from .machine import Machine
from .making import make_filesystems, run_for
from .model import MIB, Refusal, Slot, slot_number

WRITE_FSTAB = "write the fstab"


@dataclass
class Applied:
    """What was done, or in check mode would be done."""

    actions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    fstab_before: str = ""
    fstab_after: str = ""


def apply(machine: Machine, slots: Sequence[Slot], check: bool, glance: bool = False) -> Applied:
    """Bring all slots into use; nothing happens to one that is already right.

    Args:
        check: only say what would be done.
        glance: in check mode, do not even look for users of a disk that would be formatted.

    Raises:
        Refusal: a step would hide or destroy something, or failed.
    """
    done = Applied()
    done.fstab_before = read_fstab(machine)
    done.fstab_after = fstab.with_slots(done.fstab_before, slots)
    for slot in slots:
        refuse_wrong_mount(machine, slot)
    new = [slot for slot in slots if slot.format]
    done.actions += [f"format {slot.disk.name} as {slot.label}" for slot in new]
    if not check:
        make_filesystems(machine, new)
        for slot in slots:
            journal.finish(machine.journal, slot.disk)  # mkfs was done, at times only the note was not
    elif not glance:
        for slot in new:
            proof.refuse_used(machine, slot.disk, slot_number(slot.label))
    if done.fstab_after != done.fstab_before:
        done.actions.append(WRITE_FSTAB)
        if not check:
            write_fstab(machine, done.fstab_after)
    for slot in slots:
        mount(machine, slot, check, done)
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


def mount(machine: Machine, slot: Slot, check: bool, done: Applied) -> None:
    """Mount what the next boot mounts by label; the root of the filesystem is for everybody, sticky.

    The device itself is named here, and held so that its name stays its own: a label could lead to a disk that
    appeared a moment ago. Files on a disk that does not have our mark are somebody's: they are not opened to everybody.
    """
    point = Path(slot.mount_point)
    if slot.mount_point not in slot.disk.whole_mounts:
        done.actions.append(f"mount {slot.label} at {slot.mount_point}")
        if check:
            return
        # Closed to users while nothing is mounted: jobs would fill the system disk.
        point.mkdir(parents=True, exist_ok=True)
        point.chmod(0o755)
        with reading.Reader(slot.disk.path) as held:
            inspect.refuse_another(machine, slot.disk, held.number)
            run_for(machine, ["mount", "-t", "xfs", "-o", "noatime", slot.disk.path, slot.mount_point], slot.disk)
    if stat.S_IMODE(point.stat().st_mode) == 0o1777:
        return
    if not (slot.format or slot.disk.stamped) and any(point.iterdir()):
        done.warnings.append(
            f"{slot.mount_point} holds files that were there before, so it is not opened to all users; "
            f"do so by hand if they may see them: chmod 1777 {slot.mount_point}"
        )
    else:
        done.actions.append(f"open {slot.mount_point} to all users (1777)")
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
