"""Every whole disk of the blade with all that speaks for or against it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import content, journal, places, signatures, stamp, tree
from .machine import Machine, device_number, read_text
from .model import Disk, Refusal, Wanted
from .verdict import evidence


def disks(machine: Machine) -> list[Disk]:
    """All whole disks that have a device node on this blade, in the order of their names."""
    mounts, swaps, links = tree.mounts(machine), tree.swaps(machine), tree.links(machine)
    mounted = [(number, tree.whole_disks(machine, number), point) for number, point in mounts]
    swapped = [(tree.whole_disks(machine, number), name) for number, name in swaps]
    found = []
    for number, node in tree.nodes(machine):
        disk = Disk(
            path=str(node),
            number=number,
            size_bytes=tree.size_bytes(machine, number),
            links=links.get(number, ()),
            mounts=_unique([point for _, below, point in mounted if number in below]),
            whole_mounts=_unique([point for own, _, point in mounted if own == number]),
            swap=_unique([name for below, name in swapped if number in below]),
            holders=tree.holders(machine, number),
        )
        found.append(with_identity(machine, disk))
    return [examine(machine, disk) for disk in _with_twins(machine, found)]


def examine(machine: Machine, disk: Disk) -> Disk:
    """The disk with what it carries. Samples are read only where nothing else was found."""
    read = signatures.read(machine, disk.path)
    disk = replace(
        disk,
        table=read.table,
        partitions=read.partitions,
        partition_labels=signatures.labels(machine, _partition_nodes(machine, disk)),
        signatures=read.signatures,
        fstype=read.fstype,
        label=read.label,
        uuid=read.uuid,
        stamped=stamp.fits(read.uuid, disk.identities, disk.size_bytes),
        error=read.error,
        begun=journal.begun(machine.journal, disk),
        half_made=False,
        busy=False,
        content_at=None,
        deeper=(),
    )
    try:
        if disk.fstype == "xfs":
            xfs = content.read_xfs(disk.path)
            fits = disk.stamped and 0 < xfs.size <= disk.size_bytes
            disk = replace(disk, half_made=xfs.cut_off, stamped=fits)
        if not evidence(disk):
            disk = replace(disk, busy=content.held_by_another(disk.path))
        if not evidence(disk):
            known = journal.content_at(machine.journal, disk)
            disk = named(machine, replace(disk, content_at=content.first_sample(disk, known)))
    except OSError as problem:
        disk = replace(disk, error=problem.strerror or str(problem))
    return disk


def named(machine: Machine, disk: Disk) -> Disk:
    """The disk with the name of what lies where content was found, if a partition may begin a little before."""
    if disk.content_at is None:
        return disk
    start = max(start for start in places.starts(disk.size_bytes) if start <= disk.content_at)
    found = signatures.deeper(machine, disk.path, [start], disk.begun) if start else []
    return replace(disk, deeper=tuple(f"{kind} at byte {offset}" for offset, kind in found))


def refuse_another(machine: Machine, disk: Disk, number: str) -> None:
    """Stop if the name of the disk leads to another one by now; `number` is that of the device as it was opened.

    Raises:
        Refusal: it does.
    """
    now = with_identity(machine, disk)
    if number != disk.number or (now.serial, now.identities) != (disk.serial, disk.identities):
        raise Refusal(f"{disk.path} is another disk than a moment ago", "start this run again")


def numbers_of(wanted: Sequence[Wanted]) -> dict[str, str]:
    """Device number of each wanted id that is a block device here."""
    found = {want.id: device_number(want.id) for want in wanted if want.id}
    return {name: number for name, number in found.items() if number}


def with_identity(machine: Machine, disk: Disk) -> Disk:
    """The disk with what the kernel says of it, and by what it can be told from any other."""
    folder = tree.sysdir(machine, disk.number)
    vendor, model = read_text(folder / "device/vendor"), read_text(folder / "device/model")
    if vendor.startswith("0x"):  # virtio gives a number of its bus, no name
        vendor = ""
    # A volume of LVM has no other name that stays: without this one it would never be the same as a moment ago.
    serials = [read_text(folder / name) for name in ("wwid", "device/wwid", "serial", "dm/uuid")]
    return replace(
        disk,
        model=f"{vendor} {model}".strip(),
        serial=next(filter(None, serials), ""),
        identities=_unique([*filter(None, serials), *(Path(link).name for link in disk.links)]),
        read_only=read_text(folder / "ro") == "1",
        removable=read_text(folder / "removable") == "1",
    )


def _with_twins(machine: Machine, disks: Sequence[Disk]) -> list[Disk]:
    """The disks, each with the other devices that are the same disk: equal serial number or WWN, or the same file
    behind two loop devices."""
    files = tree.loop_files(machine)
    found = []
    for disk in disks:
        others = [other for other in disks if other is not disk]
        paths = [other.path for other in others if disk.serial and other.serial == disk.serial]
        file = files[disk.number][1] if disk.number in files else None
        same = {number: name for number, (name, backing) in files.items() if backing == file}
        paths += [other.path for other in others if other.number in same]
        known = {disk.number, *(other.number for other in others)}
        paths += [name for number, name in same.items() if number not in known]
        found.append(replace(disk, twins=_unique(paths)))
    return found


def _partition_nodes(machine: Machine, disk: Disk) -> list[str]:
    folder = tree.sysdir(machine, disk.number)
    names = sorted(part.parent.name for part in folder.glob("*/partition"))
    nodes = [machine.dev / name for name in names]
    return [str(node) for node in nodes if device_number(node) == _number(folder / node.name)]


def _number(folder: Path) -> str:
    return read_text(folder / "dev")


def _unique(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
