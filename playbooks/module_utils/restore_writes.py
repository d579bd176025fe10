"""How root writes below folders of service accounts: no link that they put there is ever followed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile


def fill(target, state, unpacked, owner):
    """Unpacks slurmctld's state into a folder that only root enters, for its owner.

    Args:
        state: the archive.
        unpacked: bytes that it has at most.
        owner: id of the account and of the group.

    Raises:
        RuntimeError: it has what no state has.
    """
    total = 0
    with tarfile.open(state, mode="r:gz") as archive:
        for entry in archive:
            parts = [part for part in entry.name.split("/") if part not in ("", ".")]
            total += entry.size
            if ".." in parts or entry.name.startswith("/") or not (entry.isreg() or entry.isdir()):
                raise RuntimeError(f"the state has what no state has: {entry.name!r}; next: take another backup")
            if total > unpacked:
                raise RuntimeError("the state is larger than it says; next: take another backup")
            path = os.path.join(target, *parts)
            if entry.isdir():
                os.makedirs(path, mode=0o700, exist_ok=True)
            else:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                write_new(path, archive.extractfile(entry), entry.mode & 0o755 | 0o600, (owner, owner))
    for folder, folders, _ in os.walk(target):
        for name in folders:
            os.chown(os.path.join(folder, name), owner, owner, follow_symlinks=False)


def write_new(path, source, mode, owner):
    """Writes a file that is not there yet, with its owner from the first moment that others can open it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        shutil.copyfileobj(source, stream, 2**20)
        stream.flush()
        os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def remove(path):
    """Removes whatever is there, and nothing that a link leads to."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
        return
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
