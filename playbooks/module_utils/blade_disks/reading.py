"""Reads a disk past all caches and says where the first byte is that is not zero.

Also a program of its own, without anything else of this package: `python3 reading.py DISK FINDING ID OURS` reads
all of a disk in the background. So it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

CHUNK = 2**20
BLOCK = 4096
_ZEROS = bytes(CHUNK)
_TELL_EVERY = 2.0  # seconds between two notes of the background reading


class Changed(OSError):
    """The disk was written to, or replaced, while it was read."""


class Reader:
    """An open disk. As long as it is open, the kernel cannot give its number to another disk."""

    def __init__(self, path: str) -> None:
        flags = os.O_RDONLY | os.O_CLOEXEC
        try:
            # Past the page cache: what the disk itself holds, and the caches of running jobs stay.
            self.fd = os.open(path, flags | os.O_DIRECT)
        except OSError:
            self.fd = os.open(path, flags)
        self._buffer = mmap.mmap(-1, CHUNK)
        self.number = number_of(self.fd)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the disk."""
        os.close(self.fd)
        self._buffer.close()

    def read(self, offset: int, length: int) -> bytes:
        """At most 1 MiB, all of it.

        Raises:
            OSError: the disk cannot be read there, or gives less than it should.
        """
        with memoryview(self._buffer) as whole, whole[:length] as part:
            got = os.preadv(self.fd, [part], offset)
        if got != length:
            raise OSError(f"only {got} of {length} bytes could be read at byte {offset}")
        return self._buffer[:length]


def number_of(fd: int) -> str:
    """Major and minor number of an open device, such as `8:16`."""
    rdev = os.fstat(fd).st_rdev
    return f"{os.major(rdev)}:{os.minor(rdev)}"


def chunks(pieces: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same pieces, none longer than one read."""
    for begin, length in pieces:
        for offset in range(begin, begin + length, CHUNK):
            yield offset, min(CHUNK, begin + length - offset)


def first_content(
    reader: Reader,
    pieces: Iterable[tuple[int, int]],
    ours: bytes = b"",
    tell: Callable[[int], None] | None = None,
) -> int | None:
    """Offset of the first byte in the pieces that is not zero; None if all of them are.

    Args:
        ours: 16 bytes; a block of 4 KiB that contains them is passed over, as what our own mkfs left behind.
        tell: is told after every read where it ended.

    Raises:
        OSError: the disk cannot be read.
    """
    for offset, length in chunks(pieces):
        data = reader.read(offset, length)
        if data != _ZEROS[:length]:
            found = _foreign(data, ours)
            if found is not None:
                return offset + found
        if tell:
            tell(offset + length)
    return None


def _foreign(data: bytes, ours: bytes) -> int | None:
    """Offset in the data of the first byte that is neither zero nor in a block of ours."""
    for begin in range(0, len(data), BLOCK):
        block = data[begin : begin + BLOCK]
        if block.count(0) != len(block) and not (ours and ours in block):
            return begin + len(block) - len(block.lstrip(b"\0"))
    return None


def traces(sys_folder: Path, number: str) -> list[str]:
    """What the kernel counts of a disk and what changes when it is written to or replaced.

    Completed writes and discards with their sectors, and the sequence number that every new medium gets.
    """
    folder = sys_folder / "dev" / "block" / number
    counted = _text(folder / "stat").split()
    writes = [counted[at] for at in (4, 6, 11, 13) if at < len(counted)]
    return [_text(folder / "diskseq"), _text(folder / "size"), *writes]


def boot_id(proc: Path = Path("/proc")) -> str:
    """Another one after every boot; the counters of the kernel begin anew then."""
    return _text(proc / "sys" / "kernel" / "random" / "boot_id")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def read_all(path: str, finding: Path, identity: str, ours: bytes, sys_folder: Path = Path("/sys")) -> None:
    """Read a whole disk and keep what was found in the file, which stays locked meanwhile; `ours` as above."""
    # Never for appending: every note takes the place of the one before.
    lock = os.open(finding, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(lock, "r+b"), Reader(path) as reader:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = os.lseek(reader.fd, 0, os.SEEK_END)
        before = traces(sys_folder, reader.number)
        said: dict[str, Any] = {"disk": identity, "size": size, "boot": boot_id(), "traces": before, "read": 0}
        last = [time.monotonic()]

        def tell(offset: int) -> None:
            if time.monotonic() - last[0] > _TELL_EVERY:
                last[0] = time.monotonic()
                _say(lock, {**said, "state": "reading", "read": offset})

        _say(lock, {**said, "state": "reading"})
        try:
            found = first_content(reader, [(0, size)], ours, tell)
            if traces(sys_folder, reader.number) != before:
                raise Changed("it was written to while it was read")
            end = {"state": "empty" if found is None else "content", "at": found, "read": size}
        except OSError as problem:
            end = {"state": "error", "error": problem.strerror or str(problem)}
        if end["state"] != "empty":
            said["traces"] = traces(sys_folder, reader.number)
        _say(lock, {**said, **end})


def _say(file: int, what: dict[str, Any]) -> None:
    """One write of a fixed width: a reader never sees half of an old and half of a new one."""
    os.pwrite(file, json.dumps(what).encode().ljust(1024) + b"\n", 0)
    os.fsync(file)


if __name__ == "__main__":
    with contextlib.suppress(BlockingIOError):  # it is being read already
        read_all(sys.argv[1], Path(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4]))
