"""What the blade remembers of its disks: what we are making on which, what was found, which consent was used.

A note is bound to the disk by serial number or WWN and size, never by a name of the kernel, and to the very mkfs
by a UUID with a nonce of ours. It opens nothing: it only says which blocks our own mkfs left when it was cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from .model import Disk

_MOST_TOKENS = 50


def begun(path: Path, disk: Disk) -> str:
    """UUID of the filesystem that we began to make on this very disk and did not finish; '' for none."""
    return str(_entry(path, "making", disk).get("uuid", ""))


def begin(path: Path, disk: Disk, uuid: str) -> None:
    """Note that this disk was proved empty and gets this filesystem from now on."""
    _put(path, "making", disk, {"size": disk.size_bytes, "uuid": uuid})


def finish(path: Path, disk: Disk) -> None:
    """Note that the disk has its filesystem."""
    _put(path, "making", disk, None)


def content_at(path: Path, disk: Disk) -> int | None:
    """Where content was found on this disk; whether it is still there has to be looked up."""
    found = _entry(path, "content", disk).get("at")
    return found if isinstance(found, int) and 0 <= found < disk.size_bytes else None


def remember_content(path: Path, disk: Disk, at: int) -> None:
    """Note where content is, so that no later run has to search the disk for it."""
    _put(path, "content", disk, {"size": disk.size_bytes, "at": at})


def is_used(path: Path, token: str) -> bool:
    """Whether this announcement has made its disks already: it counts once."""
    return token in _tokens(_read(path))


def use(path: Path, token: str) -> None:
    """Note that this announcement has done its work."""
    known = _read(path)
    _write(path, {**known, "used": [*_tokens(known), token][-_MOST_TOKENS:]})


def folder(path: Path) -> Path:
    """The folder of the journal, made for root alone when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path.parent


def _entry(path: Path, kind: str, disk: Disk) -> dict[str, Any]:
    noted = _read(path).get(kind)
    for identity in disk.identities:
        entry = noted.get(identity) if isinstance(noted, dict) else None
        if isinstance(entry, dict) and entry.get("size") == disk.size_bytes:
            return entry
    return {}


def _put(path: Path, kind: str, disk: Disk, entry: dict[str, Any] | None) -> None:
    known = _read(path)
    noted = known.get(kind)
    kept = {
        identity: one
        for identity, one in (noted.items() if isinstance(noted, dict) else ())
        if identity not in disk.identities
    }
    if entry is not None and disk.identities:
        kept[disk.identities[0]] = entry
    if known.get(kind, {}) != kept:
        _write(path, {**known, kind: kept})


def _tokens(known: dict[str, Any]) -> list[str]:
    used = known.get("used")
    return [str(one) for one in used] if isinstance(used, list) else []


def _read(path: Path) -> dict[str, Any]:
    """A damaged journal counts as empty: then the guard refuses, which is the safe side."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, known: dict[str, Any]) -> None:
    """Replaces the journal at once, for root alone."""
    fresh = folder(path) / f".{path.name}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(known, file, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
