"""Sparse files as loop devices of the host."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from provisioner.lab.command import run

_DELETED = " (deleted)"


def attached(below: Path) -> dict[Path, str]:
    """Backing file -> loop device, for every loop device whose file is (or was) in the folder.

    Also finds those whose file is gone already, which a crash can leave behind.
    """
    listed = run(["losetup", "--json", "--list", "--output", "NAME,BACK-FILE"], "listing loops")
    return parse_attached(listed, below)


def parse_attached(listed: str, below: Path) -> dict[Path, str]:
    """`losetup --json` output -> backing file -> device, for files below the folder."""
    if not listed.strip():
        return {}
    found = {
        Path(entry["back-file"].removesuffix(_DELETED)): entry["name"]
        for entry in json.loads(listed)["loopdevices"]
        if entry.get("back-file")
    }
    return {file: device for file, device in found.items() if file.is_relative_to(below)}


def make_file(file: Path, size: int) -> None:
    """A sparse file of this many bytes; one that is there keeps its content."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists() or file.stat().st_size != size:
        with file.open("wb") as handle:
            handle.truncate(size)


def is_free(device: str) -> bool:
    """Whether no file is attached to the loop device; one that does not exist yet is free."""
    return not (Path("/sys/block") / Path(device).name / "loop").exists()


def attach(file: Path, device: str | None = None) -> str:
    """Attaches the file to a free loop device, or to the named one; returns the device."""
    where = [device] if device else ["--find", "--show"]
    shown = run(
        ["losetup", *where, str(file)],
        f"attaching {file.name} to a loop device",
        "look for free ones with: losetup --list",
    )
    attached_to = device or shown.strip()
    _skip_cache(attached_to)
    return attached_to


def _skip_cache(device: str) -> None:
    """Reads holes of the file past the page cache: a fifth of the time. Not every filesystem can."""
    subprocess.run(["losetup", "--direct-io=on", device], check=False, capture_output=True)


def detach(device: str) -> None:
    """Gives the loop device back."""
    run(["losetup", "--detach", device], f"detaching {device}")
