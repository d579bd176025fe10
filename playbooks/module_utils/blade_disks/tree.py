"""Which whole disks there are, and which of them anything mounted or swapped lives on. Reads only.

Disks are found through device nodes, never through /sys/block: in a container /sys is the host's, and
a disk without a device node here is not ours to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .machine import Machine, device_number, read_text

WHOLE_DISK = re.compile(r"(sd|hd|vd|xvd)[a-z]+|nvme\d+n\d+|mmcblk\d+|pmem\d+")
"""Names of whole disks. ram, zram, dm, md, optical and network devices are no disks of a blade."""

LOOP = re.compile(r"loop\d+")
"""A loop device is a disk only where it was given a stable id, as in a lab; udev gives it none."""

_BEST_FIRST = ("wwn-", "nvme-eui", "nvme-", "scsi-3", "ata-", "scsi-", "virtio-")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_SECTOR = 512
"""The unit of /sys/block/*/size, whatever the disk's own sectors are."""


def nodes(machine: Machine) -> Iterator[tuple[str, Path]]:
    """Device number and node of every whole disk with a size, in the order of their names."""
    seen: set[str] = set()
    stable = links(machine)
    for entry in sorted(machine.dev.iterdir()):
        whole = WHOLE_DISK.fullmatch(entry.name)
        number = device_number(entry) if whole or LOOP.fullmatch(entry.name) else None
        if number is None or number in seen or not (whole or number in stable):
            continue
        if size_bytes(machine, number) and not (sysdir(machine, number) / "partition").exists():
            seen.add(number)
            yield number, entry


def sysdir(machine: Machine, number: str) -> Path:
    """The folder of a device in /sys."""
    return (machine.sys / "dev" / "block" / number).resolve()


def size_bytes(machine: Machine, number: str) -> int:
    """Size in bytes; 0 for a device without a medium."""
    return int(read_text(sysdir(machine, number) / "size") or 0) * _SECTOR


def whole_disks(machine: Machine, number: str) -> set[str]:
    """The whole disks below a device: through partitions, LVM, md and dm-crypt."""
    folder = sysdir(machine, number)
    below = sorted((folder / "slaves").glob("*")) if (folder / "slaves").is_dir() else []
    if below:
        found = [whole_disks(machine, read_text(slave / "dev")) for slave in below]
        return set().union(*found)
    if (folder / "partition").exists():
        return whole_disks(machine, read_text(folder.parent / "dev"))
    return {number}


def holders(machine: Machine, number: str) -> tuple[str, ...]:
    """Kernel devices on the disk or its partitions, such as `dm-0 (vg-root)`."""
    folder = sysdir(machine, number)
    found = []
    for holder in sorted([*folder.glob("holders/*"), *folder.glob("*/holders/*")]):
        name = read_text(holder / "dm" / "name")
        found.append(f"{holder.name} ({name})" if name else holder.name)
    return tuple(dict.fromkeys(found))


def mounts(machine: Machine) -> list[tuple[str, str]]:
    """Device number and mount point of everything mounted here or for process 1, each once."""
    found: dict[tuple[str, str], None] = {}
    for process in ("1", "self"):
        for row in read_text(machine.proc / process / "mountinfo").splitlines():
            left, _, right = row.partition(" - ")
            fields, source = left.split(), [*right.split(), "", ""][1]
            number: str | None = fields[2]
            if fields[2].startswith("0:"):  # btrfs has no device number of its own
                number = device_number(unescape(source)) if source.startswith("/dev/") else None
            if number:
                found[number, unescape(fields[4])] = None
    return list(found)


def swaps(machine: Machine) -> list[tuple[str, str]]:
    """Device number and name of every block device in use as swap."""
    rows = read_text(machine.proc / "swaps").splitlines()[1:]
    names = [unescape(row.split()[0]) for row in rows if row.split()]
    pairs = [(device_number(name), name) for name in names]
    return [(number, name) for number, name in pairs if number]


def loop_files(machine: Machine) -> dict[str, tuple[str, str]]:
    """Name and backing file of every loop device in use, by device number."""
    found = {}
    for backing in sorted(machine.sys.glob("block/loop*/loop/backing_file")):
        folder = backing.parent.parent
        if file := read_text(backing):
            found[read_text(folder / "dev")] = (folder.name, file)
    return found


def unescape(text: str) -> str:
    """The kernel writes blanks in paths as \\040."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)


def links(machine: Machine) -> dict[str, tuple[str, ...]]:
    """Names in /dev/disk/by-id by device number, the most stable name first."""
    found: dict[str, list[str]] = {}
    folder = machine.dev / "disk" / "by-id"
    for link in sorted(folder.iterdir()) if folder.is_dir() else []:
        number = device_number(link)
        if number:
            found.setdefault(number, []).append(str(link))
    return {number: tuple(sorted(names, key=_rank)) for number, names in found.items()}


def _rank(link: str) -> tuple[int, str]:
    name = Path(link).name
    ranks = [rank for rank, prefix in enumerate(_BEST_FIRST) if name.startswith(prefix)]
    return (ranks[0] if ranks else len(_BEST_FIRST), name)
