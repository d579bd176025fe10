"""What lies on a disk beside signatures: quick samples for every look, and the state of an XFS. Reads only.

The samples here only sort out what is clearly in use. Before a disk is formatted, `proof` reads far more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import reading, stamp
from .model import MIB, Disk
from .places import BLOCK, SAMPLE

PROBES = 128

COPIES = (
    64 * MIB,  # btrfs, second superblock
    128 * MIB,  # ext4 with 4 KiB blocks, group 1
    8 * MIB,  # ext4 with 1 KiB blocks, group 1
    256 * 1024 * MIB,  # btrfs, third superblock
)
"""Byte offsets at which filesystems keep copies; these survive when only the start was overwritten."""

_XFS_BLOCKSIZE, _XFS_BLOCKS, _XFS_IN_PROGRESS = slice(4, 8), slice(8, 16), 126
"""Offsets in the XFS superblock: sb_blocksize, sb_dblocks, and sb_inprogress, which mkfs sets first and clears last."""


def first_sample(disk: Disk, known: int | None) -> int | None:
    """Offset of the first byte in the samples that is neither zero nor of the mkfs that we began.

    Args:
        known: where content was found before; read as well.

    Raises:
        OSError: the device cannot be read.
    """
    pieces = list(samples(disk.size_bytes))
    if known is not None:
        begin = known // BLOCK * BLOCK
        pieces.insert(0, (begin, min(2 * SAMPLE, disk.size_bytes - begin)))
    with reading.Reader(disk.path) as reader:
        return reading.first_content(reader, pieces, stamp.as_bytes(disk.begun))


def samples(size: int) -> Iterator[tuple[int, int]]:
    """Offset and length of every sample of a device of this size, all inside it and in whole blocks."""
    last = max(0, size - MIB) // BLOCK * BLOCK
    ends = [(0, MIB), (last, 2 * MIB)]
    copies = [(offset, SAMPLE) for offset in COPIES]
    spread = [(size * n // PROBES // BLOCK * BLOCK, SAMPLE) for n in range(1, PROBES)]
    for offset, length in ends + sorted(copies + spread):
        if offset < size:
            yield offset, min(length, size - offset)


@dataclass(frozen=True)
class Xfs:
    """What the superblock says: whether mkfs never finished, and the size in bytes of what it describes."""

    cut_off: bool
    size: int


def read_xfs(path: str) -> Xfs:
    """The state of the XFS on a device, which may be in use.

    Raises:
        OSError: the device cannot be read.
    """
    with Path(path).open("rb", buffering=0) as device:
        superblock = os.pread(device.fileno(), BLOCK, 0).ljust(BLOCK, b"\0")
    block, blocks = (int.from_bytes(superblock[field], "big") for field in (_XFS_BLOCKSIZE, _XFS_BLOCKS))
    return Xfs(superblock[:4] == b"XFSB" and superblock[_XFS_IN_PROGRESS] != 0, block * blocks)


def held_by_another(path: str) -> bool:
    """Whether the kernel refuses an exclusive open: mounted, swap, LVM, md, or a program has it."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError:
        return True
    return False
