"""Every whole disk of the blade with all that speaks for or against it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import content, journal, signatures, tree
from .machine import Machine, device_number, read_text
from .model import Disk, Wanted
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
        found.append(examine(machine, _with_identity(machine, disk)))
    return found


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
        error=read.error,
        half_ours=journal.is_unfinished(machine.journal, disk),
    )
    try:
        if disk.fstype == "xfs":
            disk = replace(disk, half_made=content.xfs_in_progress(disk.path))
        if not evidence(disk):
            disk = replace(disk, busy=content.held_by_another(disk.path))
        if not evidence(disk) and not disk.half_ours:
            disk = replace(disk, content_at=content.first_content(disk.path, disk.size_bytes))
    except OSError as problem:
        disk = replace(disk, error=problem.strerror or str(problem))
    return disk


def numbers_of(wanted: Sequence[Wanted]) -> dict[str, str]:
    """Device number of each wanted id that is a block device here."""
    found = {want.id: device_number(want.id) for want in wanted if want.id}
    return {name: number for name, number in found.items() if number}


def _with_identity(machine: Machine, disk: Disk) -> Disk:
    folder = tree.sysdir(machine, disk.number)
    vendor, model = read_text(folder / "device/vendor"), read_text(folder / "device/model")
    if vendor.startswith("0x"):  # virtio gives a number of its bus, no name
        vendor = ""
    return replace(
        disk,
        model=f"{vendor} {model}".strip(),
        serial=read_text(folder / "device/wwid") or read_text(folder / "serial"),
        read_only=read_text(folder / "ro") == "1",
        removable=read_text(folder / "removable") == "1",
    )


def _partition_nodes(machine: Machine, disk: Disk) -> list[str]:
    folder = tree.sysdir(machine, disk.number)
    names = sorted(part.parent.name for part in folder.glob("*/partition"))
    nodes = [machine.dev / name for name in names]
    return [str(node) for node in nodes if device_number(node) == _number(folder / node.name)]


def _number(folder: Path) -> str:
    return read_text(folder / "dev")


def _unique(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
