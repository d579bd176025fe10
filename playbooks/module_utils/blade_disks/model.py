"""The words of the scratch guard: a disk as found, a disk as wanted, a slot to fill, a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field

GB = 10**9
"""Disk sizes are what the label says: 300 GB is 300 * 10^9 bytes."""

MIB = 2**20

LABEL_PREFIX = "PROV-SCR-"
"""Our filesystems are PROV-SCR-1, PROV-SCR-2, ...; XFS takes at most 12 characters."""

MOST_DISKS = 99
"""More numbers do not fit behind the prefix."""


class Refusal(Exception):
    """Scratch is not touched: `message` says what was found, `next_step` what a person does now."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


@dataclass(frozen=True)
class Wanted:
    """A scratch disk as the plan wants it: this very device, or any free one of the size class."""

    size_gb: int
    id: str | None = None


@dataclass(frozen=True)
class Disk:
    """A whole disk as found on the blade. Everything here was only read.

    Attributes:
        path: the device node, such as /dev/sdb.
        number: major and minor number, such as 8:16.
        links: its names in /dev/disk/by-id, most stable first.
        mounts: mount points of anything that lives on the disk, also through partitions and LVM.
        whole_mounts: mount points of a filesystem that fills the whole disk.
        swap: devices on the disk that are used as swap now.
        holders: kernel devices on top of it (LVM, md, dm-crypt, multipath).
        partitions: what the partition table lists, one description each.
        table: kind of partition table (gpt, dos) or ''.
        signatures: every other signature that libblkid knows, such as ext4 or LVM2_member.
        fstype, label: filesystem on the whole disk, if there is exactly one.
        half_made: an XFS whose mkfs was cut off.
        content_at: byte offset of the first content found by sampling; None if all samples are zero.
        busy: another program holds the disk exclusively.
        error: why it could not be read; '' if it could.
        identities: what tells this very disk from any other, best one first; () for a disk without such a thing.
        twins: other devices that are this same disk, seen over another path.
        uuid: of the filesystem on the whole disk.
        stamped: that filesystem was made by us, for this very disk.
        begun: UUID of the filesystem that we were making on this disk when we were stopped, as the journal says.
        deeper: signatures found at other places than the start and the end of the disk.
        uses: open files, loop devices and mounts elsewhere.
    """

    path: str
    number: str
    size_bytes: int
    model: str = ""
    serial: str = ""
    links: tuple[str, ...] = ()
    read_only: bool = False
    removable: bool = False
    mounts: tuple[str, ...] = ()
    whole_mounts: tuple[str, ...] = ()
    swap: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    partition_labels: tuple[str, ...] = ()
    table: str = ""
    signatures: tuple[str, ...] = ()
    fstype: str = ""
    label: str = ""
    half_made: bool = False
    content_at: int | None = None
    busy: bool = False
    error: str = ""
    identities: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    uuid: str = ""
    stamped: bool = False
    begun: str = ""
    deeper: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The most stable name, for people and commands."""
        return self.links[0] if self.links else self.path

    @property
    def size_gb(self) -> int:
        """Size in GB (10^9 bytes), rounded."""
        return round(self.size_bytes / GB)


@dataclass(frozen=True)
class Slot:
    """One scratch filesystem: its label, where it is mounted, its disk, and whether to format it."""

    label: str
    mount_point: str
    disk: Disk
    format: bool


@dataclass(frozen=True)
class Waiting:
    """A scratch that does not come yet: nobody allowed it (`read` is None), or its disk is still being read.

    `read` is how much of the disk was read, in per cent.
    """

    slot: Slot
    read: int | None = None


@dataclass(frozen=True)
class Decision:
    """What is to be done on the blade, and what a person should know beside it."""

    slots: tuple[Slot, ...]
    warnings: tuple[str, ...] = field(default=())
    waiting: tuple[Waiting, ...] = field(default=())


def slot_number(label: str) -> int:
    """`PROV-SCR-2` -> 2; 0 for any label that is not ours."""
    digits = label[len(LABEL_PREFIX) :] if label.startswith(LABEL_PREFIX) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and digits[0] != "0" else 0


def slot_label(number: int) -> str:
    """2 -> `PROV-SCR-2`."""
    return f"{LABEL_PREFIX}{number}"


def slot_mount_point(base: str, number: int) -> str:
    """Slot 1 is mounted at `/scratch`, slot 2 at `/scratch2`, and so on."""
    return base if number == 1 else f"{base}{number}"
