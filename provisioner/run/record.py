"""The record of each run: private JSON files in the state folder of the cluster."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from provisioner.private import write_private

# What runs leave that changed nothing, well or with a failure; a scheduled one does so each quarter of an hour.
_SAME, _FAILED = ".same.json", ".failed.json"
KEPT = {_SAME: 200, _FAILED: 1000}
"""The newest records of each kind; of older ones the first of each day is kept, for so many days."""
KEPT_DAYS = 90
# A run over sixteen blades leaves some 20 KiB, so that these are about fifty.
MOST_BYTES = 1_000_000


def paths(state: Path) -> list[Path]:
    """All records of the cluster, the newest first."""
    return sorted((state / "runs").glob("*.json"), reverse=True)


def run_id(path: Path) -> str:
    """The run that left the record."""
    return path.name.removesuffix(_SAME).removesuffix(_FAILED).removesuffix(".json")


def each_record(state: Path) -> Iterator[tuple[str, Any]]:
    """Run and record of each, the newest first; one that cannot be read is left out."""
    for path in paths(state):
        with contextlib.suppress(OSError, ValueError):
            yield run_id(path), json.loads(path.read_text())


def read_records(state: Path, most: int = MOST_BYTES) -> list[Any]:
    """The newest records, the newest first, of so many bytes; one that cannot be read is left out."""
    found: list[Any] = []
    for path in paths(state):
        with contextlib.suppress(OSError, ValueError):
            text = path.read_text()
            most -= len(text)
            if most < 0:
                break
            found.append(json.loads(text))
    return found


def write_record(state: Path, run: str, data: dict[str, Any]) -> Path:
    """Writes `runs/<run>.json` (0600, by rename); returns its path.

    A run that changed nothing leaves `<run>.same.json`, or `<run>.failed.json`; old ones of these are thinned out.
    """
    folder = state / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{run}{_kind(data)}"
    write_private(path, json.dumps(data, indent=2) + "\n")
    there, today = paths(state), datetime.now(UTC).date()
    for kind, most in KEPT.items():
        for old in _too_many([each for each in there if each.name.endswith(kind)], most, today):
            old.unlink(missing_ok=True)
    return path


def _kind(data: Mapping[str, Any]) -> str:
    """How the name of a record ends."""
    if data.get("changed") and not data.get("check"):
        return ".json"
    return _FAILED if data.get("exit_code") else _SAME


def _too_many(found: list[Path], most: int, today: date) -> Iterator[Path]:
    """Those of the records of one kind, the newest first, that are to go."""
    days: set[date] = set()
    # The first of a day is the last of it here.
    for path in reversed(found[most:]):
        try:
            day = datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:  # none of ours
            continue
        if day in days or day < today - timedelta(days=KEPT_DAYS):
            yield path
        days.add(day)
