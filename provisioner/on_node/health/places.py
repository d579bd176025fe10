"""Whether filesystems are there, can be written and have room.

Each function says what is wrong, '' when nothing is, and '' too when that cannot be found out.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from .texts import text_of

MIB = 1024 * 1024
# Free inodes below which no job could make its files.
_FEW_FILES = 100
_WORDS = {
    errno.ENOSPC: "{} is full",
    errno.EDQUOT: "{} is full",
    errno.EROFS: "{} is read-only",
    errno.EIO: "{} gives input/output errors",
}


def scratch_trouble(place: str, least_mib: int) -> str:
    """What is wrong with scratch at its mount point."""
    try:
        # It works below the folder that it stands in: unmounted right now, nothing is made on the system disk.
        there = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return f"scratch is not mounted at {place}"
    except OSError as error:
        return _said(error, place)
    try:
        if os.fstat(there).st_dev == os.stat("..", dir_fd=there).st_dev:
            return f"scratch is not mounted at {place}"
        return _unwritable(there, place) or room_trouble([place], least_mib)
    finally:
        os.close(there)


def unwritable_trouble(place: str) -> str:
    """Whether nothing can be made in a folder."""
    try:
        there = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        return _said(error, place)
    try:
        return _unwritable(there, place)
    finally:
        os.close(there)


def _unwritable(folder: int, place: str) -> str:
    try:
        # A file without a name: nobody meets it, and nothing is left of it should this process be killed.
        os.close(os.open(".", os.O_WRONLY | os.O_TMPFILE, 0o600, dir_fd=folder))
    except OSError as error:
        return _said(error, place)
    return ""


def _said(error: OSError, place: str) -> str:
    return _WORDS[error.errno].format(place) if error.errno in _WORDS else ""


def room_trouble(places: Iterable[str], least_mib: int) -> str:
    """The first of these places whose filesystem has less room than this (MiB), or none for more files."""
    seen = set()
    for place in places:
        try:
            device = os.stat(place).st_dev
            found = os.statvfs(place)
        except OSError:
            continue
        if device in seen:
            continue
        seen.add(device)
        free = found.f_bavail * found.f_frsize // MIB
        # A small filesystem is full later.
        if free < min(least_mib, found.f_blocks * found.f_frsize // MIB // 20):
            return f"{place} is full, {free} MiB are free"
        if found.f_files and found.f_favail < _FEW_FILES:
            return f"{place} is full, it has no room for more files"
    return ""


def read_only_trouble(places: Iterable[str], fstab: str = "/etc/fstab", mounts: str = "/proc/self/mounts") -> str:
    """The first of these places that is read-only and should not be."""
    for place in places:
        try:
            read_only = os.statvfs(place).f_flag & os.ST_RDONLY
        except OSError:
            continue
        if read_only and _should_be_writable(_mount_point(place), fstab, mounts):
            return f"{place} is read-only"
    return ""


def _mount_point(place: str) -> str:
    path = os.path.realpath(place)
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path


def _should_be_writable(mount_point: str, fstab: str, mounts: str) -> bool:
    """Whether nobody wanted it read-only: fstab has the last word, a disk without a line there is for writing.

    What comes over the network, or from a file of systemd's, is whatever its server or its file wants.
    """
    options = {os.path.normpath(row[1]): row[3].split(",") for row in _rows(fstab) if len(row) > 3}
    if mount_point in options:
        return "ro" not in options[mount_point]
    sources = {row[1]: row[0] for row in _rows(mounts) if len(row) > 3}
    return mount_point == "/" or sources.get(mount_point, "").startswith("/dev/")


def _rows(table: str) -> list[list[str]]:
    return [line.split() for line in text_of(table).splitlines() if not line.startswith("#")]
