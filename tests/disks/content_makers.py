"""What a disk may already hold: written by the real tools, or, where the kernel here lacks the driver
(md, ZFS, Ceph), as the documented bytes of the on-disk format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from tests.disks.blade_lab import run

MIB = 2**20
CEPH_OSD = "4FBD7E29-9D25-41B8-AFD0-062C0CEFF05D"


def put(device: str, offset: int, data: bytes) -> None:
    """Write bytes at an offset of a device; a negative offset counts from the end."""
    with Path(device).open("r+b", buffering=0) as file:
        file.seek(offset, 2 if offset < 0 else 0)
        file.write(data)


def gpt_with_ceph_osd(device: str) -> None:
    """A GPT whose only partition is a Ceph OSD."""
    run("sfdisk", "--quiet", device, stdin=f"label: gpt\ntype={CEPH_OSD}, name=ceph-data\n")


def mbr_with_partition(device: str) -> None:
    """An MBR with one Linux partition."""
    run("sfdisk", "--quiet", device, stdin="label: dos\ntype=83\n")


def empty_gpt(device: str) -> None:
    """A GPT without any partition."""
    run("sfdisk", "--quiet", device, stdin="label: gpt\n")


def gpt_backup_only(device: str) -> None:
    """A GPT whose first MiB was zeroed: only the copy at the end is left."""
    gpt_with_ceph_osd(device)
    put(device, 0, bytes(MIB))


def ext4(device: str) -> None:
    """An ext4 filesystem over the whole disk."""
    run("mkfs.ext4", "-q", "-F", "-L", "data", device)


def foreign_xfs(device: str) -> None:
    """An XFS with somebody else's label."""
    run("mkfs.xfs", "-q", "-L", "precious", device)


def ext4_with_our_label(device: str) -> None:
    """Our label, but not our filesystem."""
    run("mkfs.ext4", "-q", "-F", "-L", "PROV-SCR-1", device)


def lvm2(device: str) -> None:
    """An LVM2 physical volume."""
    run("pvcreate", "--quiet", "--config", 'devices{global_filter=["a|.*|"]}', device)


def md_0_90(device: str) -> None:
    """An md member with metadata 0.90: at the last full 64 KiB before the last 64 KiB."""
    size = int(run("blockdev", "--getsize64", device))
    superblock = struct.pack("<10I", 0xA92B4EFC, 0, 90, 0, 0, 0x12345678, 0, 1, 0, 2)
    put(device, (size & ~0xFFFF) - 0x10000, superblock.ljust(4096, b"\0"))


def md_1_2(device: str) -> None:
    """An md member with metadata 1.2: 4 KiB after the start, with its checksum."""
    superblock = bytearray(256)
    struct.pack_into("<4I", superblock, 0, 0xA92B4EFC, 1, 0, 0)
    superblock[16:32] = bytes(range(1, 17))  # set_uuid
    superblock[32:36] = b"md-x"  # set_name
    struct.pack_into("<Q", superblock, 144, 8)  # super_offset in sectors
    total = sum(struct.unpack("<64I", superblock))
    struct.pack_into("<I", superblock, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    put(device, 4096, bytes(superblock))


def zfs(device: str) -> None:
    """ZFS labels: uberblocks in the first and the last label of a vdev."""
    size = int(run("blockdev", "--getsize64", device))
    uberblocks = b"".join(struct.pack("<3Q", 0x00BAB10C, 5000, 100 + number).ljust(1024, b"\0") for number in range(8))
    for label in (0, size // 262144 * 262144 - 262144):
        put(device, label + 128 * 1024, uberblocks)


def ceph_bluestore(device: str) -> None:
    """The label at the start of a raw BlueStore device."""
    put(device, 0, b"bluestore block device\n5d61b1e4-6a8c-4e32-9f8a-0f1d2c3b4a59\n")


def luks(device: str) -> None:
    """A LUKS2 header."""
    cheap = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    run("cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", *cheap, device, "-", stdin="x" * 12)


def swap(device: str) -> None:
    """A swap area that is not in use."""
    run("mkswap", device)


def zeros_then_content(device: str) -> None:
    """The first MiB is zero, something unknown follows in the middle of the disk."""
    put(device, 400_000_000, b"\x17" * (16 * MIB))


def content_in_last_mib(device: str) -> None:
    """All zero but for some bytes just before the end."""
    put(device, -3000, b"tail")


def content_in_first_mib(device: str) -> None:
    """Unknown bytes somewhere in the first MiB, no signature."""
    put(device, 700_000, b"\x01")


REFUSED: dict[str, tuple[Callable[[str], None], str, str]] = {
    # name: (maker, what the refusal must say, what libblkid must call it; '' for nothing)
    "gpt-ceph": (gpt_with_ceph_osd, "partition table gpt: 1: Ceph OSD", "PTTYPE=gpt"),
    "gpt-empty": (empty_gpt, "partition table gpt: no partition", "PTTYPE=gpt"),
    "gpt-backup": (gpt_backup_only, "partition table gpt", ""),  # wipefs sees it, blkid does not
    "mbr": (mbr_with_partition, "partition table dos: 1: type 0x83", "PTTYPE=dos"),
    "ext4": (ext4, "ext4 labelled data", "TYPE=ext4"),
    "ext4-our-label": (ext4_with_our_label, "ext4 labelled PROV-SCR-1", "TYPE=ext4"),
    "xfs": (foreign_xfs, "xfs labelled precious", "TYPE=xfs"),
    "lvm2": (lvm2, "LVM2_member", "TYPE=LVM2_member"),
    "md-0.90": (md_0_90, "linux_raid_member", "TYPE=linux_raid_member"),
    "md-1.2": (md_1_2, "linux_raid_member", "TYPE=linux_raid_member"),
    "zfs": (zfs, "zfs_member", "TYPE=zfs_member"),
    "ceph-bluestore": (ceph_bluestore, "ceph_bluestore", "TYPE=ceph_bluestore"),
    "luks": (luks, "crypto_LUKS", "TYPE=crypto_LUKS"),
    "swap-unused": (swap, "swap", "TYPE=swap"),
    "zeros-then-content": (zeros_then_content, "unknown content at byte 40", ""),
    "last-mib": (content_in_last_mib, "unknown content at byte 999", ""),
    "first-mib": (content_in_first_mib, "unknown content at byte 700000", ""),
}

FILLED: dict[str, Callable[[str], None]] = {
    # content without a signature that libblkid knows
    "one byte": content_in_first_mib,
    "in the middle": zeros_then_content,
    "at the end": content_in_last_mib,
}
