"""What stands on a disk when a run finds it, at places and in sizes of chance.

A new kind is a function from a generator and a disk to the words that describe it, with `@content` above it. What it
writes has to be within what the README promises to see; everything that is still on the disk then is refused. A new
filesystem or metadata goes into tests/disks/content_makers.py or lost_makers.py, from where every kind here takes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.disks.blade_lab import run
from tests.disks.content_makers import MIB, REFUSED, put
from tests.disks.lost_makers import LOST

# Where partitions begin: at sector 63 in the days of cylinders, later at full MiB.
STARTS = (32256, MIB, 2 * MIB, 4 * MIB, 8 * MIB, 1024 * MIB)
# The largest piece that may be missed, as a share of the disk, and how much of both ends is read whole.
PIECE = 0.0005
EDGE = 64 * MIB

# Data without a name stands where it was put for small disks; here its place is a matter of chance.
# What leaves nothing at the start of its partition: within what is promised only where that one ends with the disk.
AT_ITS_END = ("gpt-backup", "md-0.90")
KNOWN = [kind for kind, (_, said, _) in REFUSED.items() if "unknown content" not in said]


@dataclass(frozen=True)
class Disk:
    """A disk to be filled: the loop device, the file behind it, its size in bytes."""

    device: str
    image: Path
    size: int

    @contextmanager
    def window(self, start: int, length: int) -> Iterator[str]:
        """A part of the disk as a device of its own."""
        bounds = ("--offset", str(start), "--sizelimit", str(length))
        device = run("losetup", "--find", "--show", *bounds, self.image).strip()
        try:
            yield device
        finally:
            run("losetup", "--detach", device)


Content = Callable[[Random, Disk], str]
CONTENTS: dict[str, Content] = {}


def content(function: Content) -> Content:
    """Makes a function known to the campaign."""
    CONTENTS[function.__name__] = function
    return function


def make(random: Random, device: str) -> str:
    """Writes something known onto a device; returns its name."""
    kind = random.choice(KNOWN)
    REFUSED[kind][0](device)
    return kind


def fill(random: Random, disk: Disk, start: int, length: int) -> None:
    """Data without any signature in one piece."""
    piece = random.randbytes(MIB).replace(b"\0", b"\1")
    with Path(disk.device).open("r+b", buffering=0) as file:
        os.lseek(file.fileno(), start, os.SEEK_SET)
        while length > 0:
            length -= os.write(file.fileno(), piece[: min(length, MIB)])


@content
def over_the_whole_disk(random: Random, disk: Disk) -> str:
    """Something known, as its own tool writes it."""
    return make(random, disk.device)


@content
def below_a_lost_partition_table(random: Random, disk: Disk) -> str:
    """Something known where a partition began, and no table."""
    kind, start = random.choice(KNOWN), random.choice(STARTS)
    rest = disk.size - start
    length = rest if kind in AT_ITS_END else min(rest, random.choice((rest, 10 * 10**9, 100 * 10**9)))
    with disk.window(start, length // MIB * MIB) as device:
        REFUSED[kind][0](device)
    return f"{kind} at byte {start}, {length // MIB} MiB"


@content
def without_its_label(random: Random, disk: Disk) -> str:
    """What is left of something known after its label, its head or the table around it is gone."""
    kind = random.choice(list(LOST))
    LOST[kind][0](disk.device)
    return kind


@content
def zapped(random: Random, disk: Disk) -> str:
    """Something known whose first MiB was zeroed, as people do it; at times the last one too."""
    kind = make(random, disk.device)
    put(disk.device, 0, bytes(MIB))
    both = random.random() < 0.5
    if both:
        put(disk.device, -MIB, bytes(MIB))
    return f"{kind}, first {'and last ' if both else ''}MiB zeroed"


@content
def piece_anywhere(random: Random, disk: Disk) -> str:
    """A database file, a disk image: the smallest piece that is promised to be seen, or more."""
    length = int(disk.size * PIECE * random.choice((1, 1, 2, 5))) + MIB
    start = random.randrange(disk.size - length)
    fill(random, disk, start, length)
    return f"{length} bytes of data at byte {start}"


@content
def filesystem_with_files(random: Random, disk: Disk) -> str:
    """A filesystem at no usual place, with as much data in it as is promised to be seen."""
    start = random.randrange(MIB, disk.size // 2) // 4096 * 4096
    length = 20 * 10**9 // MIB * MIB
    with disk.window(start, length) as device:
        kind = make(random, device)
    fill(random, disk, start + length // 3, int(disk.size * PIECE) + MIB)
    return f"{kind} with files at byte {start}"


@content
def few_bytes_at_an_end(random: Random, disk: Disk) -> str:
    """Some bytes in what is read whole: a header, a label, a RAID controller's metadata."""
    length = random.choice((1, 16, 512, 4096))
    start = random.randrange(EDGE - length)
    if random.random() < 0.5:
        start = disk.size - length - start
    put(disk.device, start, random.randbytes(length).replace(b"\0", b"\1"))
    return f"{length} bytes at byte {start}"


@content
def nothing(random: Random, disk: Disk) -> str:
    """An empty disk; one that held something and was zeroed is the same."""
    if random.random() < 0.5:
        fill(random, disk, 0, MIB)
        put(disk.device, 0, bytes(MIB))
    return "nothing"
