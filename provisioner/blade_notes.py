"""A private file with a word for each of some blades: `{"BLD-008": "..."}`. Without any it is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from provisioner.private import write_private


def read_notes(file: Path) -> dict[str, str]:
    """Blade id -> its word; nothing of a damaged file."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return {str(blade): str(word) for blade, word in found.items()} if isinstance(found, dict) else {}


@contextmanager
def changed_notes(file: Path) -> Iterator[dict[str, str]]:
    """The words for a change, which nobody else makes meanwhile: a person may announce while a run ends."""
    with FileLock(file.with_name(f".{file.name}.lock")):
        before = read_notes(file)
        notes = dict(before)
        yield notes
        if notes == before:
            return
        if notes:
            write_private(file, json.dumps(notes, indent=2) + "\n")
        else:
            file.unlink(missing_ok=True)
