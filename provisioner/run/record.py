"""The record of each run: private JSON files in the state folder of the cluster."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from provisioner.private import write_private

KEPT = 200
# A run over sixteen blades leaves some 20 KiB, so that these are about fifty.
MOST_BYTES = 1_000_000


def read_records(state: Path, most: int = MOST_BYTES) -> list[Any]:
    """The newest records, the newest first, of so many bytes; one that cannot be read is left out."""
    found: list[Any] = []
    for path in sorted((state / "runs").glob("*.json"), reverse=True):
        with contextlib.suppress(OSError, ValueError):
            text = path.read_text()
            most -= len(text)
            if most < 0:
                break
            found.append(json.loads(text))
    return found


def write_record(state: Path, run: str, data: dict[str, Any]) -> Path:
    """Writes `runs/<run>.json` (0600, by rename) and drops the oldest beyond KEPT; returns its path."""
    folder = state / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{run}.json"
    write_private(path, json.dumps(data, indent=2) + "\n")
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink()
    return path
