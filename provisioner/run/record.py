"""The record of each run: private JSON files in the state folder of the cluster."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

KEPT = 200


def write_record(state: Path, run: str, data: dict[str, Any]) -> Path:
    """Writes `runs/<run>.json` (0600, by rename) and drops the oldest beyond KEPT; returns its path."""
    folder = state / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{run}.json"
    staged = folder / f".{run}.new"
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(data, stream, indent=2)
        stream.write("\n")
    staged.replace(path)
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink()
    return path
