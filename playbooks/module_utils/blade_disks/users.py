"""Who uses a disk without the kernel's exclusive mark: open files, loop devices over it, mounts elsewhere.

Everything that mounts, swaps or stacks devices holds a disk exclusively, which `content.held_by_another`
sees in every namespace. This finds the rest: a virtual machine or a database that just has it open.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import tree
from .machine import Machine, device_number, read_text
from .model import Disk

# The kernel tells nobody when a program lets go of a disk.
_POLL_SECONDS = 0.1
PATIENCE = 10.0
"""Seconds that programs which only read get to let go: udev looks at every disk that was just closed."""

_REMOTE = ("nfs", "cifs", "smb3", "ceph", "lustre", "gpfs", "beegfs", "9p", "afs", "fuse")
"""File systems that may never answer; a device node is not opened there."""

_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Use:
    """One use of a disk, in words; `writes` if it may change the disk."""

    words: str
    writes: bool


def uses(machine: Machine, disk: Disk) -> list[Use]:
    """All uses of the disk or of one of its partitions."""
    numbers = _numbers(machine, disk)
    tables = _mount_tables(machine)
    return [*_loops(machine, numbers), *_mounts(tables, numbers), *_open_files(machine, numbers, _remote(tables))]


def lasting_uses(machine: Machine, disk: Disk) -> list[str]:
    """The uses in words; programs that only read get a moment to end."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = uses(machine, disk)
        if any(use.writes for use in found) or not found or time.monotonic() > deadline:
            return [use.words for use in found]
        time.sleep(_POLL_SECONDS)


def _numbers(machine: Machine, disk: Disk) -> dict[tuple[bool, str], str]:
    """Name of every device of the disk by kind (True: block) and number: itself, partitions, its SCSI devices."""
    folder = tree.sysdir(machine, disk.number)
    found = {(True, disk.number): disk.path}
    for part in folder.glob("*/partition"):
        found[True, read_text(part.parent / "dev")] = part.parent.name
    for kind in ("scsi_generic", "bsg"):
        for device in folder.glob(f"device/{kind}/*/dev"):
            found[False, read_text(device)] = device.parent.name
    return found


def _loops(machine: Machine, numbers: dict[tuple[bool, str], str]) -> Iterator[Use]:
    """Loop devices whose file is the disk, at whatever offset, mounted or not."""
    for loop, file in tree.loop_files(machine).values():
        name = file.replace(" (deleted)", "")
        number = device_number(name) or ""
        if not number and name.startswith("/dev/"):  # the node is in another namespace
            number = read_text(machine.sys / "class" / "block" / Path(name).name / "dev")
        if (True, number) in numbers:
            yield Use(f"{loop} lies on {numbers[True, number]}", writes=True)


def _mounts(tables: dict[str, list[str]], numbers: dict[tuple[bool, str], str]) -> Iterator[Use]:
    """Mounts in the namespaces of other processes."""
    for process, rows in tables.items():
        for fields in map(str.split, rows):
            if len(fields) > 4 and (True, fields[2]) in numbers:
                yield Use(f"process {process} has it mounted at {tree.unescape(fields[4])}", writes=True)


def _open_files(machine: Machine, numbers: dict[tuple[bool, str], str], remote: set[str]) -> Iterator[Use]:
    """Open files and mappings of all processes but this one."""
    for process in _processes(machine):
        if process.name == str(os.getpid()):
            continue
        for descriptor, flags in _descriptors(process, remote):
            name = numbers.get(_kind_and_number(descriptor))
            if name:
                writes = bool(flags & _WRITES)
                how = "for writing" if writes else "for reading"
                yield Use(f"process {process.name} ({read_text(process / 'comm')}) has {name} open {how}", writes)
        for row in read_text(process / "maps").splitlines():
            path = row.split(None, 5)[5] if "/dev/" in row else ""
            number = device_number(path) if path else None
            if number and (True, number) in numbers:
                yield Use(f"process {process.name} has {numbers[True, number]} mapped", writes="w" in row.split()[1])


def _descriptors(process: Path, remote: set[str]) -> Iterator[tuple[Path, int]]:
    """Open files of a process with their flags; none on a file system that may never answer."""
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return
    for link in links:
        try:
            if not os.readlink(link).startswith("/"):
                continue
        except OSError:
            continue
        info = dict(row.split(":", 1) for row in read_text(process / "fdinfo" / link.name).splitlines() if ":" in row)
        if info.get("mnt_id", "").strip() not in remote:
            yield link, int(info.get("flags", "02").strip() or "02", 8)


def _kind_and_number(link: Path) -> tuple[bool, str]:
    try:
        status = link.stat()
    except OSError:
        return False, ""
    if not (stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)):
        return False, ""
    return stat.S_ISBLK(status.st_mode), f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def _remote(tables: dict[str, list[str]]) -> set[str]:
    """Ids of mounts whose server may be gone; no two mounts of a machine have the same id."""
    rows = (row.partition(" - ") for table in tables.values() for row in table)
    return {left.split()[0] for left, _, right in rows if right.startswith(_REMOTE)}


def _mount_tables(machine: Machine) -> dict[str, list[str]]:
    """What is mounted in every mount namespace, by one of its processes."""
    seen: dict[str, Path] = {}
    for process in _processes(machine):
        with contextlib.suppress(OSError):
            seen.setdefault(os.readlink(process / "ns" / "mnt"), process)
    return {process.name: read_text(process / "mountinfo").splitlines() for process in seen.values()}


def _processes(machine: Machine) -> list[Path]:
    return [process for process in machine.proc.iterdir() if process.name.isdigit()]
