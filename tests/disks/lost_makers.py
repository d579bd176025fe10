"""Data without the label or the table that would have named it, on disks of 300 GB: what once was formatted.

Everything is written by the real tools where they exist here, else as the documented bytes of the format. A new
entry of LOST is tried by every test and by the campaign. Offsets and sizes are bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.disks.blade_lab import run
from tests.disks.content_makers import MIB, gpt_with_ceph_osd, put, zfs

GIB = 2**30
SIZE = 300 * 10**9 // 512 * 512


def size_of(device: str) -> int:
    """Bytes of a device."""
    return int(run("blockdev", "--getsize64", device))


@contextmanager
def part(device: str, offset: int, end: int = MIB) -> Iterator[str]:
    """A loop device over a part of the disk, as a partition: from the offset to `end` bytes before the last one."""
    length = size_of(device) - offset - end
    inner = run("losetup", "--find", "--show", f"--offset={offset}", f"--sizelimit={length}", device).strip()
    try:
        yield inner
    finally:
        run("blockdev", "--flushbufs", inner)
        run("losetup", "--detach", inner)


def beheaded(command: tuple[str, ...], zeros: int = MIB, offset: int = 0) -> Callable[[str], None]:
    """A maker of a filesystem whose first bytes are gone, over the whole disk or in a partition without a table."""

    def make(device: str) -> None:
        if offset:
            with part(device, offset) as inner:
                run(*command, inner)
        else:
            run(*command, device)
        if zeros:
            put(device, offset, bytes(zeros))

    return make


def within(command: tuple[str, ...], offset: int) -> Callable[[str], None]:
    """A maker of a whole filesystem in a partition whose table is gone."""
    return beheaded(command, 0, offset)


def block(offset: int, data: bytes = b"\x5a" * 4096) -> Callable[[str], None]:
    """A maker of one block at an offset; from the end of the disk when negative."""

    def make(device: str) -> None:
        put(device, offset, data)

    return make


def database(device: str) -> None:
    """A file of 1 GiB of a database that uses the raw disk, at 512 MiB; all its pages are the same here."""
    for at in range(512 * MIB, 512 * MIB + GIB, 16 * MIB):
        put(device, at, b"\x01\xa2\x00\x00page" * (2 * MIB))


def piece(offset: int, length: int) -> Callable[[str], None]:
    """A maker of one piece of data."""

    def make(device: str) -> None:
        for at in range(offset, offset + length, 8 * MIB):
            put(device, at, b"\xd7" * min(8 * MIB, offset + length - at))

    return make


def zapped(device: str) -> None:
    """A GPT with an ext4 partition at 1 MiB, then `sgdisk --zap-all`: the table is gone, the data is not."""
    gpt_with_ceph_osd(device)
    within(EXT4, MIB)(device)
    run("sgdisk", "--zap-all", device)


def lvm_at_the_end(device: str) -> None:
    """LVM with a copy of the metadata at the end; label and first copy were zeroed."""
    everything = ("--config", 'devices{global_filter=["a|.*|"] use_devicesfile=0}')
    run("pvcreate", "--quiet", *everything, "--pvmetadatacopies", "2", device)
    run("vgcreate", "--quiet", *everything, "precious", device)
    put(device, 0, bytes(2 * MIB))


def zfs_cache(device: str) -> None:
    """A cache device of ZFS: names and values in the labels, a device header at 4 MiB, no uberblock anywhere."""
    size = size_of(device)
    for label in (0, 256 * 1024, size // 262144 * 262144 - 524288, size // 262144 * 262144 - 262144):
        put(device, label + 16 * 1024, b"\x01\x01\x00\x00" + b"version\x00state\x00guid\x00l2cache".ljust(512, b"\0"))
    put(device, 4 * MIB, struct.pack("<Q", 0x0F1E2D3C4B5A6978))


def zfs_at_the_end(device: str) -> None:
    """ZFS whose first two labels were zeroed."""
    zfs(device)
    put(device, 0, bytes(4 * MIB))


def raid_controller(device: str) -> None:
    """Metadata of a RAID controller: its own format, in the last MiB of the disk."""
    put(device, -MIB, b"\x00RIS_SIGNATURE P220i".ljust(4096, b"\x11"))


def ddf(device: str) -> None:
    """The anchor of the common format of RAID controllers, in the last sector."""
    put(device, -512, struct.pack(">I", 0xDE11DE11).ljust(512, b"\xff"))


def drbd(device: str) -> None:
    """Internal metadata of DRBD 8: the last 4 KiB begin with it, the bitmap lies before."""
    put(device, -4096, struct.pack(">QIIQ", SIZE // 512, 0, 0, 0x8374026B).ljust(512, b"\0"))
    put(device, -9 * MIB, b"\xff" * 4096)


def cpio(device: str) -> None:
    """An archive at 2 MiB."""
    put(device, 2 * MIB, b"070701" + b"0" * 104 + b"etc/passwd\0\0".ljust(1024, b"x"))


def middle_of_zeros(device: str) -> None:
    """A virtual disk that somebody copied to the third GiB: a whole filesystem with an MBR before it."""
    put(device, 3 * GIB, b"\0" * 510 + b"\x55\xaa")
    within(EXT4, 3 * GIB + MIB)(device)


EXT4 = ("mkfs.ext4", "-q", "-F", "-E", "nodiscard")
XFS = ("mkfs.xfs", "-q", "-f", "-K")
VFAT, EXFAT = ("mkfs.vfat", "-F", "32", "-I"), ("mkfs.exfat",)
F2FS, BTRFS = ("mkfs.f2fs", "-q", "-f", "-t", "0"), ("mkfs.btrfs", "-q", "-f", "-K")
NTFS = ("mkfs.ntfs", "-q", "-Q", "-F")
LUKS = (
    "sh",
    "-c",
    'printf secret | cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$0" -',
)

LOST: dict[str, tuple[Callable[[str], None], str]] = {
    # name: (maker, what the refusal must say). The first sixteen are the ones that were formatted once.
    "vfat-headless": (beheaded(VFAT), "unknown content"),
    "exfat-headless": (beheaded(EXFAT), "unknown content"),
    "f2fs-headless": (beheaded(F2FS), "unknown content"),
    "xfs-headless": (beheaded(XFS), "unknown content"),
    "ext4-zapped-at-1-mib": (zapped, "ext4 at byte 1048576"),
    "ext4-at-1-gib": (within(EXT4, GIB), "ext4 at byte 1073741824"),
    "database-at-512-mib": (database, "unknown content"),
    "lvm-at-the-end": (lvm_at_the_end, "unknown content"),
    "asm-copy": (block(2093056, b"\x01\x82\x01\x01ORCLDISK".ljust(4096, b"\0")), "unknown content at byte 2093056"),
    "bluestore-at-1-gib": (block(GIB, b"bluestore block device\n5d61b1e4\n"), "ceph_bluestore at byte 1073741824"),
    "zfs-cache": (zfs_cache, "unknown content"),
    "raid-controller": (raid_controller, "unknown content"),
    "cpio-at-2-mib": (cpio, "unknown content at byte 2097152"),
    "block-at-40-mib": (block(40 * MIB), "unknown content at byte 41943040"),
    "block-at-the-end": (block(-30 * MIB), "unknown content"),
    "block-at-8-gib": (block(8 * GIB), "unknown content at byte 8589934592"),
    # and their siblings
    "ddf": (ddf, "unknown content at byte 299999999488"),
    "drbd": (drbd, ""),
    "btrfs-headless": (beheaded(BTRFS, 64 * MIB), "unknown content"),
    "btrfs-at-1-mib-headless": (beheaded(BTRFS, 2 * MIB, MIB), "unknown content"),
    "ntfs-headless": (beheaded(NTFS), "unknown content"),
    "ntfs-at-101-mib": (within(NTFS, 101 * MIB), ""),
    "luks-headless": (beheaded(LUKS, MIB), "unknown content"),
    "luks-at-513-mib": (within(LUKS, 513 * MIB), "crypto_LUKS at byte 537919488"),
    "xfs-at-1-mib-headless": (beheaded(XFS, 64 * MIB, MIB), "unknown content"),
    "xfs-at-100-gib": (within(XFS, 100 * GIB), "unknown content"),
    "xfs-with-32-groups-headless": (beheaded((*XFS, "-d", "agcount=32"), 64 * MIB), "unknown content"),
    **{
        f"xfs-with-{n}-groups-headless": (beheaded((*XFS, "-d", f"agcount={n}"), 64 * MIB), "unknown content")
        for n in (3, 5, 7, 13)
    },
    "xfs-with-5-groups-at-1-mib-headless": (beheaded((*XFS, "-d", "agcount=5"), 64 * MIB, MIB), "unknown content"),
    "ext4-headless": (beheaded(EXT4, 64 * MIB), "unknown content"),
    "ext4-small-blocks-headless": (beheaded((*EXT4, "-b", "1024", "-O", "^resize_inode"), 64 * MIB), "unknown content"),
    "ext4-at-sector-63-headless": (beheaded(EXT4, 64 * MIB, 32256), "unknown content"),
    "ext4-at-257-mib-headless": (beheaded(EXT4, MIB, 257 * MIB), "unknown content"),
    "vfat-at-sector-63": (within(VFAT, 32256), "vfat at byte 32256"),
    "vfat-at-8-mib": (within(VFAT, 8 * MIB), "vfat at byte 8388608"),
    "swap-at-16-gib": (within(("mkswap",), 16 * GIB), "unknown content"),
    "disk-image-at-3-gib": (middle_of_zeros, "unknown content"),
    "zfs-last-labels": (zfs_at_the_end, ""),
    "bluestore-at-10-gib": (block(10 * GIB, b"bluestore block device\n"), "unknown content at byte 10737418240"),
    "bluestore-at-100-gib": (block(100 * GIB, b"bluestore block device\n"), "unknown content at byte 107374182400"),
    "ocfs2-copy": (block(16 * GIB, b"OCFSV2"), "unknown content at byte 17179869184"),
    "asm-copy-of-64-mib-units": (block(128 * MIB - 8192), "unknown content at byte 134209536"),
    "piece-of-0.05-per-cent": (piece(123_456_789_012, SIZE // 2000), "unknown content"),
    "piece-before-the-end": (piece(SIZE - 300 * MIB, SIZE // 2000), "unknown content"),
    "one-byte-first": (block(0, b"\x01"), "unknown content at byte 0"),
    "one-byte-last": (block(-1, b"\x01"), f"unknown content at byte {SIZE - 1}"),
}
