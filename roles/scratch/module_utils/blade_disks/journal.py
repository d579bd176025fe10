"""Which disks we were formatting: written before mkfs, cleared after it.

Without it a run that was killed inside mkfs would leave a disk that the guard refuses for ever. A disk
counts as unfinished only by its own identity and size; what it carries is checked again on top of that.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .model import Disk


def is_unfinished(path: Path, disk: Disk) -> bool:
    """Whether we began to format this very disk and did not finish."""
    return _identity(disk) in _read(path)


def begin(path: Path, disk: Disk) -> None:
    """Note that this disk was empty and is being formatted from now on."""
    _write(path, [*_read(path), _identity(disk)])


def finish(path: Path, disk: Disk) -> None:
    """Note that the disk is formatted."""
    _write(path, [one for one in _read(path) if one != _identity(disk)])


def _identity(disk: Disk) -> str:
    return f"{disk.serial or (disk.links[0] if disk.links else disk.path)} {disk.size_bytes}"


def _read(path: Path) -> list[str]:
    """A damaged journal counts as empty: then the guard refuses, which is the safe side."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def _write(path: Path, disks: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        json.dump(sorted(set(disks)), file)
        file.flush()
        os.fsync(file.fileno())
