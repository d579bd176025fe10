"""What libblkid recognises on a device, asked of wipefs, blkid and partx. Reads only."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from .machine import Machine

TABLES = ("gpt", "dos", "PMBR", "sgi", "sun", "mac", "bsd", "atari", "minix", "unixware", "solaris_x86")
"""Signatures that are partition tables."""

PARTITION_TYPES = {
    "4fbd7e29-9d25-41b8-afd0-062c0ceff05d": "Ceph OSD",
    "4fbd7e29-9d25-41b8-afd0-5ec00ceff05d": "Ceph OSD, encrypted",
    "45b0969e-9b03-4f30-b4c6-b4b80ceff106": "Ceph journal",
    "89c57f98-2fe5-4dc0-89c1-f3ad0ceff2be": "Ceph OSD being made",
    "a19d880f-05fc-4d3b-a006-743f0f84911e": "Linux RAID",
    "e6d6d379-f507-44c2-a23c-238f2a3df928": "LVM",
    "6a898cc3-1dd2-11b2-99a6-080020736631": "ZFS",
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "EFI system",
    "0fc63daf-8483-4772-8e79-3d69d8477de4": "Linux",
    "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "swap",
}


@dataclass(frozen=True)
class Signatures:
    """What one device carries; see `Disk` for the meaning of the fields."""

    table: str = ""
    partitions: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    fstype: str = ""
    label: str = ""
    uuid: str = ""
    error: str = ""


def read(machine: Machine, path: str) -> Signatures:
    """All signatures of a device. A device that cannot be read counts as one that holds something."""
    erased = machine.run(["wipefs", "--no-act", "--json", path])
    probed = machine.run(["blkid", "-p", "-o", "export", path])
    try:
        found = _wipefs(erased.out)
    except ValueError:
        return Signatures(error=f"wipefs said something unexpected: {erased.out[:80]}")
    for output, good in ((erased, (0,)), (probed, (0, 2, 8))):
        if output.code not in good:
            return Signatures(error=output.err.strip() or f"exit code {output.code}")
    known = _export(probed.out)
    types = [str(one.get("type")) for one in found if one.get("type") not in TABLES]
    if known.get("TYPE"):
        types.append(known["TYPE"])
    if probed.code == 8:
        types.append("several signatures at once")
    table = known.get("PTTYPE", "") or next((str(one["type"]) for one in found if one.get("type") in TABLES), "")
    unique = tuple(dict.fromkeys(types))
    return Signatures(
        table=table,
        partitions=_partitions(machine, path) if table else (),
        signatures=unique,
        fstype=unique[0] if len(unique) == 1 else "",
        label=known.get("LABEL", "") if len(unique) == 1 else "",
        uuid=known.get("UUID", "") if len(unique) == 1 else "",
    )


def deeper(machine: Machine, path: str, offsets: Sequence[int], own: str) -> list[tuple[int, str]]:
    """Offset and type of what libblkid recognises at other places, as if a partition began there.

    Args:
        own: UUID of a filesystem of ours, whose copies of the superblock do not count; '' for none.
    """
    found = []
    for offset in offsets:
        probed = machine.run(["blkid", "-p", "-O", str(offset), "-o", "export", path])
        known = _export(probed.out)
        kind = known.get("TYPE") or known.get("PTTYPE") or ("several signatures" if probed.code == 8 else "")
        if kind and not (own and known.get("UUID") == own):
            found.append((offset, kind))
    return found


def labels(machine: Machine, paths: Sequence[str]) -> tuple[str, ...]:
    """The filesystem labels of several devices."""
    if not paths:
        return ()
    blocks = machine.run(["blkid", "-p", "-o", "export", *paths]).out.split("\n\n")
    found = (_export(block).get("LABEL", "") for block in blocks)
    return tuple(label for label in found if label)


def _wipefs(text: str) -> list[dict[str, object]]:
    """wipefs prints nothing at all, or an empty list, for an empty device."""
    if not text.strip():
        return []
    found = json.loads(text).get("signatures") or []
    return [dict(one) for one in found]


def _export(text: str) -> dict[str, str]:
    """`blkid -o export`: KEY=value lines, values escaped for a shell."""
    pairs = (row.partition("=") for row in text.splitlines())
    return {key: _unquoted(value) for key, _, value in pairs if key}


def _unquoted(value: str) -> str:
    try:
        return "".join(shlex.split(value)) if "\\" in value or '"' in value else value
    except ValueError:
        return value


def _partitions(machine: Machine, path: str) -> tuple[str, ...]:
    """The partition table as the disk itself says it, also where the kernel has not read it."""
    command = ["partx", "--show", "--noheadings", "--output", "NR,TYPE,SIZE", path]
    rows = [row.split() for row in machine.run(command).out.splitlines()]
    return tuple(
        f"{row[0]}: {PARTITION_TYPES.get(row[1].lower(), f'type {row[1]}')}" + (f" {row[2]}" if len(row) > 2 else "")
        for row in rows
        if len(row) > 1
    )
