"""A backup as one stream: its manifest, then the files that it names. Whoever wrote it, nothing else comes out."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import IO

from provisioner.backup.manifest import MOST_BYTES, NAME, NEXT, STATE, Manifest, parse
from provisioner.console_text import their_words
from provisioner.errors import UsageError

_PART = 2**20
_MOST_STATE_FILES = 2_000_000


def pack(folder: Path, manifest: Manifest, stream: IO[bytes]) -> None:
    """Writes the manifest and the files that it names, which lie in the folder under their names."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        text = manifest.model_dump_json(indent=1).encode()
        archive.addfile(_entry(NAME, len(text)), io.BytesIO(text))
        for member in manifest.members:
            with (folder / member.name).open("rb") as source:
                archive.addfile(_entry(member.name, member.size), source)


def unpack(stream: IO[bytes], folder: Path | None) -> Manifest:
    """Reads a backup into an empty folder; without one only its manifest.

    Raises:
        UsageError: it is damaged, cut off, or has anything that its manifest does not name as it is.
    """
    try:
        return _unpack(stream, folder)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise UsageError(f"this backup is damaged: {their_words(error)}", NEXT) from None


def _unpack(stream: IO[bytes], folder: Path | None) -> Manifest:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        first = archive.next()
        if first is None or first.name != NAME or not first.isreg() or first.size > MOST_BYTES:
            raise UsageError("this is no backup of provision, or it is damaged", NEXT)
        text = archive.extractfile(first)
        manifest = parse(text.read() if text else b"")
        if folder is None:
            return manifest
        left = {each.name: each for each in manifest.members}
        while (entry := archive.next()) is not None:
            member = left.pop(entry.name, None)
            if member is None or not entry.isreg() or entry.size != member.size or entry.sparse:
                raise UsageError(
                    f"this backup has a file that its list does not name so: {their_words(entry.name)!r}", NEXT
                )
            source = archive.extractfile(entry)
            if source is None or _written(source, folder / member.name) != member.sha256:
                raise UsageError(f"{member.name} in this backup is damaged", NEXT)
    if left:
        raise UsageError(f"this backup is cut off: {len(left)} of its files are missing", NEXT)
    # tar ends a stream with two empty blocks; whatever wrote it has to come to its end.
    while stream.read(_PART):
        pass
    return manifest


def check_state(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """Looks through slurmctld's state without unpacking it; the small files in its first folder that say whose it is.

    Raises:
        UsageError: it has anything but files and folders of its own, or more than the manifest says.
    """
    found: dict[str, bytes] = {}
    total = count = 0
    try:
        with (folder / STATE).open("rb") as source, tarfile.open(fileobj=source, mode="r|gz") as archive:
            for entry in archive:
                count += 1
                total += entry.size
                parts = entry.name.removeprefix("./").split("/")
                bad = entry.name.startswith("/") or ".." in parts or not (entry.isreg() or entry.isdir())
                if bad or entry.sparse:
                    raise UsageError(
                        f"the state in this backup has what no state has: {their_words(entry.name)!r}", NEXT
                    )
                if total > manifest.unpacked or count > _MOST_STATE_FILES:
                    raise UsageError("the state in this backup is larger than it says", NEXT)
                if parts == ["clustername"] and entry.size < 1000 and (text := archive.extractfile(entry)):
                    found["clustername"] = text.read()
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        raise UsageError(f"the state in this backup is damaged: {their_words(error)}", NEXT) from None
    return found


def digest_of(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _written(source: IO[bytes], file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        while part := source.read(_PART):
            digest.update(part)
            target.write(part)
    return digest.hexdigest()
