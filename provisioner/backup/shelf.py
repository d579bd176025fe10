"""Where backups lie: their names, how one comes whole or not at all, and which of the old ones go."""

from __future__ import annotations

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
    for left in folder.glob(f".{_cluster_of(name)}-*.part"):
        left.unlink(missing_ok=True)
    part, file = folder / f".{name}.part", folder / name
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
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


def _cluster_of(name: str) -> str:
    return re.sub(rf"-{_STAMP}\.tar.*", "", name)
