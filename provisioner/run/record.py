"""The record of each run: private JSON files in the state folder of the cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provisioner.private import write_private

KEPT = 200


def write_record(state: Path, run: str, data: dict[str, Any]) -> Path:
    """Writes `runs/<run>.json` (0600, by rename) and drops the oldest beyond KEPT; returns its path."""
    folder = state / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{run}.json"
    write_private(path, json.dumps(data, indent=2) + "\n")
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink()
    return path
