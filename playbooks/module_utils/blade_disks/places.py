"""Which parts of a disk are read before it is formatted. Pure.

Four kinds: both ends whole, an even grid, the usual starts of partitions, and the places where formats keep
copies of their headers, counted from each of those starts. Only zeros may be there, so no format has to be
understood, and one that nobody thought of is found as well if it keeps to the usual places.
"""

from __future__ import annotations

from collections.abc import Iterator

KIB, MIB, GIB = 2**10, 2**20, 2**30

END = 64 * MIB
"""Read whole at both ends: labels, RAID metadata and partition tables are there."""

GRID = 2304
"""Evenly spread samples. No piece of data of more than 1/2304 (0.044 %) of the disk lies between two of them."""

SAMPLE = 64 * KIB
BLOCK = 4 * KIB
"""Everything is read in whole blocks: direct reading wants it so, and XFS is recognised by them."""

STARTS = (
    0,
    32256,  # sector 63: partitions of the DOS era
    64 * KIB,
    *(n * MIB for n in (1, 2, 4, 8, 16, 17, 32, 33, 64, 65, 100, 101, 128, 129, 200, 201, 256, 257, 260, 261)),
    *(n * MIB for n in (300, 301, 400, 401, 500, 501, 512, 513, 550, 551, 600, 601, 1000, 1001, 1025, 1537)),
    *(GIB * 2**n for n in range(13)),
    *(GIB * 2**n + MIB for n in range(1, 8)),
    *(GIB * n for n in (3, 5, 6, 10, 12, 20, 24, 30, 40, 48, 50, 60, 80, 96, 100, 200, 1000)),
    *(10**9 * n for n in (1, 2, 5, 10, 20, 50, 100, 200)),
)
"""Bytes at which partitions, volumes and copies of headers usually begin."""

BEFORE, BEHIND = MIB, MIB
"""Read around each of them: where one partition begins, another ends, with what formats keep at their end."""

COPY_STARTS = (0, 32256, MIB, 101 * MIB, 201 * MIB, 257 * MIB, 513 * MIB, GIB, GIB + MIB)
"""Where a partition may begin of which only copies further back are left."""

EXT_GROUPS = tuple(n * 128 * MIB for n in (1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729, 2187, 2401))
"""ext2 to ext4 with blocks of 4 KiB: groups that have a copy of the superblock."""

EXT_SMALL = tuple(n * 8 * MIB + KIB for n in (1, 3, 5, 7, 9, 25, 27, 49)) + tuple(n * 16 * MIB for n in (1, 3, 5, 7, 9))
"""The same with blocks of 1 and 2 KiB."""

COPIES = (
    64 * MIB,  # btrfs, second superblock
    256 * GIB,  # btrfs, third
    3 * GIB,  # NTFS, file table
)
XFS_GROUPS = (2, 3, 4, 8, 16, 32)
"""Allocation groups that mkfs.xfs makes; each has headers, the middle one the log. NTFS has a copy in the middle."""

XFS_MOST_GROUPS = 64
"""A person may have asked for any number of groups: the second one, whose place the number gives, betrays them all."""

ROUNDED = 512 * KIB
"""Groups are rounded to the stripe that a RAID controller reports, so they begin a little before or behind."""


def starts(size: int) -> list[int]:
    """The usual starts that lie on a disk of this size, in order."""
    return sorted({start for start in STARTS if start < size})


def to_read(size: int) -> list[tuple[int, int]]:
    """Offset and length of every piece to read of a disk, ascending, none twice, all in whole blocks."""
    pieces = sorted(_whole_blocks(offset, length, size) for offset, length in _wanted(size))
    merged: list[tuple[int, int]] = []
    for begin, end in pieces:
        if begin >= end:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return [(begin, end - begin) for begin, end in merged]


def everything(size: int) -> list[tuple[int, int]]:
    """The whole disk as one piece."""
    return [(0, size)]


def _wanted(size: int) -> Iterator[tuple[int, int]]:
    yield 0, END
    yield size - END, END
    yield from ((size * n // GRID, SAMPLE) for n in range(GRID))
    yield from ((start - BEFORE, BEFORE + BEHIND) for start in starts(size))
    for start in COPY_STARTS:
        yield from ((start + copy - BLOCK, SAMPLE) for copy in (*EXT_GROUPS, *EXT_SMALL, *COPIES))
        # The last partition ends at the end of the disk or, as partitioning programs do, some MiB before.
        for rest in (0, MIB):
            room = size - start - rest
            yield from (
                (start + room * n // count - ROUNDED, 3 * ROUNDED) for count in XFS_GROUPS[:3] for n in range(1, count)
            )
    yield from ((size * n // count - ROUNDED, 3 * ROUNDED) for count in XFS_GROUPS for n in range(1, count))
    for count in range(2, XFS_MOST_GROUPS + 1):
        for start, rest in ((0, 0), (MIB, 0), (MIB, MIB)):
            yield start + _xfs_group(size - start - rest, count) - BLOCK, SAMPLE


def _xfs_group(room: int, count: int) -> int:
    """Where the second of so many allocation groups begins: all but the last have the same number of blocks."""
    return -(-(room // BLOCK) // count) * BLOCK


def _whole_blocks(offset: int, length: int, size: int) -> tuple[int, int]:
    """Begin and end, moved out to whole blocks and cut to the disk."""
    begin = max(0, offset) // BLOCK * BLOCK
    return begin, min(size, -(-(offset + length) // BLOCK) * BLOCK)
