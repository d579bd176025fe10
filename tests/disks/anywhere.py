"""Writes known formats and plain data at offsets of its own choice; for property tests and the campaign.

Every format is made once, as a small image, and copied block by block, which takes milliseconds.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from tests.disks.blade_lab import run
from tests.disks.content_makers import (
    MIB,
    ceph_bluestore,
    gpt_with_ceph_osd,
    luks,
    lvm2,
    mbr_with_partition,
    md_0_90,
    md_1_2,
    put,
    swap,
    zfs,
)
from tests.disks.lost_makers import BTRFS, EXFAT, EXT4, F2FS, GIB, NTFS, SIZE, VFAT, XFS

IMAGE = 512 * MIB
CHUNK = 64 * 1024


def _tool(*command: str) -> Callable[[str], None]:
    def make(device: str) -> None:
        run(*command, device)

    return make


FORMATS: dict[str, Callable[[str], None]] = {
    "ext4": _tool(*EXT4),
    "ext2, 1 KiB": _tool("mkfs.ext2", "-q", "-F", "-b", "1024"),
    "xfs": _tool(*XFS),
    "vfat": _tool(*VFAT),
    "exfat": _tool(*EXFAT),
    "f2fs": _tool(*F2FS),
    "btrfs": _tool(*BTRFS),
    "ntfs": _tool(*NTFS),
    "swap": swap,
    "luks": luks,
    "lvm": lvm2,
    "md 0.90": md_0_90,
    "md 1.2": md_1_2,
    "zfs": zfs,
    "bluestore": ceph_bluestore,
    "gpt": gpt_with_ceph_osd,
    "mbr": mbr_with_partition,
}

# What partitioning programs, installers and volume managers choose; not read from the guard's own list.
USUAL_STARTS = st.one_of(
    st.sampled_from([0, 63 * 512, 64 * 1024]),
    st.integers(0, 10).map(lambda n: MIB * 2**n),
    st.integers(0, 8).map(lambda n: GIB * 2**n),
    st.sampled_from([101, 201, 257, 261, 501, 513, 551, 1025, 1537, 2049]).map(lambda n: n * MIB),
    st.sampled_from([10, 20, 50, 100]).map(lambda n: n * GIB),
)
ANY_BYTE = st.integers(0, SIZE - 1)


@dataclass(frozen=True)
class Placed:
    """One content at one offset (bytes); `zeroed` bytes of its beginning are gone."""

    kind: str
    offset: int
    zeroed: int = 0

    def write(self, device: str) -> None:
        """Put it onto the disk."""
        for at, data in blocks_of(self.kind):
            if at >= self.zeroed and self.offset + at + len(data) <= SIZE:
                put(device, self.offset + at, data)


@dataclass(frozen=True)
class Piece:
    """Plain data of 0.05 % of the disk, which is what dense reading promises to find wherever it lies."""

    offset: int
    byte: int

    def write(self, device: str) -> None:
        """Put it onto the disk, as far as that reaches."""
        length = min(SIZE // 2000, SIZE - self.offset)
        put(device, self.offset, bytes([self.byte]) * length)


AT_THE_END = {"md 0.90"}
"""Formats that keep all they have at the end of their partition, which is where the next one begins."""

placed = st.one_of(
    st.builds(Placed, st.sampled_from(sorted(FORMATS.keys() - AT_THE_END)), USUAL_STARTS),
    st.builds(
        lambda kind, end: Placed(kind, end - IMAGE),
        st.sampled_from(sorted(AT_THE_END)),
        USUAL_STARTS.filter(lambda start: start >= IMAGE) | st.just(SIZE),
    ),
)
pieces = st.builds(Piece, st.integers(0, SIZE - SIZE // 2000), st.integers(1, 255))


@functools.cache
def blocks_of(kind: str) -> tuple[tuple[int, bytes], ...]:
    """Everything of a format that is not zero, by its offset."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image"
        with image.open("wb") as file:
            file.truncate(IMAGE)
        loop = run("losetup", "--find", "--show", image).strip()
        try:
            FORMATS[kind](loop)
            run("blockdev", "--flushbufs", loop)
        finally:
            run("losetup", "--detach", loop)
        return tuple(_filled(image))


def _filled(image: Path) -> list[tuple[int, bytes]]:
    found, offset = [], 0
    with image.open("rb", buffering=0) as file:
        while offset < IMAGE:
            try:
                offset = os.lseek(file.fileno(), offset, os.SEEK_DATA) // CHUNK * CHUNK
            except OSError:
                break
            data = os.pread(file.fileno(), CHUNK, offset)
            if data.count(0) != len(data):
                found.append((offset, data))
            offset += CHUNK
    return found
