"""bench/results.json: one section per part, so that a part can be measured alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import machine

RESULTS = Path(__file__).parent / "results.json"


def read_results(file: Path = RESULTS) -> dict[str, Any]:
    """Section -> what was measured; {} when nothing was."""
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def write_section(name: str, section: Any, file: Path = RESULTS) -> None:
    """Replaces one section and leaves the others as they are."""
    everything = dict(sorted({**read_results(file), name: section}.items()))
    new = file.with_suffix(".new")
    new.write_text(json.dumps(everything, indent=1) + "\n")
    new.replace(file)


def signed(section: dict[str, Any]) -> dict[str, Any]:
    """The section with its day and machine: parts may come from different sessions."""
    return {"measured": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), **section}
