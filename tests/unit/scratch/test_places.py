"""What dense reading reads of a disk: enough, at the right places, and not for longer than promised."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.module_utils.blade_disks import places
from playbooks.module_utils.blade_disks.places import BLOCK, END, GIB, MIB, to_read

DISK = 300 * 10**9 // 512 * 512
SIZES = [MIB, 100 * MIB, 10**9, 146 * 10**9, DISK, 900 * 10**9, 4 * 10**12]

# A 10k SAS disk: average seek and half a turn, and the slowest tracks. Seeks in order are shorter than the average.
SEEK_AND_TURN, BYTES_PER_SECOND = 0.0039 + 0.003, 100e6


@pytest.mark.parametrize("size", SIZES)
def test_pieces_are_in_order_inside_and_in_whole_blocks(size: int) -> None:
    pieces = to_read(size)
    assert all(offset % BLOCK == 0 and length > 0 for offset, length in pieces)
    assert all(length % BLOCK == 0 or offset + length == size for offset, length in pieces)
    assert all(a + length < b for (a, length), (b, _) in pairwise(pieces))
    assert pieces[-1][0] + pieces[-1][1] == size


@pytest.mark.parametrize("size", SIZES)
def test_both_ends_are_read_whole(size: int) -> None:
    first, last = to_read(size)[0], to_read(size)[-1]
    assert first[0] == 0
    assert first[1] >= min(END, size)
    assert last[1] >= min(END, size)


@pytest.mark.parametrize("size", SIZES)
def test_no_gap_is_larger_than_promised(size: int) -> None:
    gaps = [b - a - length for (a, length), (b, _) in pairwise(to_read(size))]
    assert max(gaps, default=0) < 0.0005 * size
    assert places.GRID >= 2048


@pytest.mark.parametrize("size", SIZES)
def test_it_takes_less_than_half_a_minute(size: int) -> None:
    pieces = to_read(size)
    seconds = len(pieces) * SEEK_AND_TURN + sum(length for _, length in pieces) / BYTES_PER_SECOND
    assert seconds < 30


@given(size=st.integers(1, 2**43).map(lambda sectors: sectors // 512 * 512 + 512))
def test_any_size_has_a_plan(size: int) -> None:
    assert sum(length for _, length in to_read(size)) <= size


@pytest.mark.parametrize(
    "offset",
    [
        32256 + 1024,  # ext4 in a partition of the DOS era
        2093056,  # the copy in an ASM disk of 1 MiB units
        128 * MIB - 8192,  # and of 64 MiB units
        *(GIB * n for n in (1, 10, 100)),  # labels of BlueStore
        *(MIB + 128 * MIB * n for n in (1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729, 2187)),  # ext4
        MIB + 64 * MIB,  # btrfs in the first partition
        256 * GIB,  # btrfs, third superblock
        MIB + 3 * GIB,  # NTFS, file table
        *(-(-DISK // 4 // 4096) * 4096 * n for n in (1, 2, 3)),  # xfs over the disk
        *(MIB + -(-(DISK - 2 * MIB) // 4 // 4096) * 4096 * n for n in (1, 2, 3)),  # and in one partition
        DISK - 512,  # GPT, DDF
        10 * GIB - 128 * 1024,  # md 0.90 in a partition that ends there
    ],
)
def test_what_formats_keep_is_read(offset: int) -> None:
    assert any(begin <= offset < begin + length for begin, length in to_read(DISK))
