"""Where backups lie: their names, how one comes whole or not at all, and which of the old ones go."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

ENDINGS = {"": ".tar", "age": ".tar.age", "gpg": ".tar.gpg"}
_STAMP = r"(\d{8}T\d{6}Z)"


def file_name(cluster: str, moment: datetime, cipher: str) -> str:
    """`CLUSTER-20261126T031500Z.tar.age`."""
    return f"{cluster}-{moment:%Y%m%dT%H%M%SZ}{ENDINGS[cipher]}"


def put(folder: Path, name: str, write: Callable[[IO[bytes]], None]) -> Path:
    """Writes a file (0600) that is there as a whole or not at all, also after a power cut.

    Raises:
        OSError: the folder cannot be written to; nothing of the file is left.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder, _cluster_of(name))
    part, file = folder / f".{name}.part", folder / name
    descriptor = _locked(part)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return file


def kept(folder: Path, cluster: str) -> list[Path]:
    """The backups of a cluster in a folder, the newest first."""
    pattern = re.compile(rf"{re.escape(cluster)}-{_STAMP}\.tar(\.age|\.gpg)?")
    found = [each for each in folder.iterdir() if pattern.fullmatch(each.name)] if folder.is_dir() else []
    return sorted((each for each in found if each.is_file() and not each.is_symlink()), reverse=True)


def thin(folder: Path, cluster: str, keep: int) -> list[Path]:
    """Removes all but the newest ones, and says which."""
    old = kept(folder, cluster)[keep:]
    for file in old:
        file.unlink(missing_ok=True)
    return old


def newest(folder: Path, cluster: str) -> datetime | None:
    """When the newest backup was made; None for no backup."""
    for file in kept(folder, cluster):
        stamp = re.search(_STAMP, file.name.removeprefix(f"{cluster}-"))
        if stamp:
            return datetime.strptime(stamp[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return None


def _locked(part: Path) -> int:
    """A new file that says to others that it is at work; the kernel lets go of the lock when the process dies."""
    while True:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink > 0:
            return descriptor
        # Somebody has removed it before it was locked.
        os.close(descriptor)


def _sweep(folder: Path, cluster: str) -> None:
    """Removes what backups of this cluster left that were killed, and nothing of one that is at work."""
    pattern = re.compile(rf"\.{re.escape(cluster)}-{_STAMP}\.tar(\.age|\.gpg)?\.part")
    for left in [each for each in folder.iterdir() if pattern.fullmatch(each.name)]:
        try:
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            # A link, gone, or another account's: not what a backup of this one leaves.
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def _cluster_of(name: str) -> str:
    return re.sub(rf"-{_STAMP}\.tar.*", "", name)
