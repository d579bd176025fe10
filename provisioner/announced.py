"""Blades that were announced as new or reimaged: for them, and once, a size class names the scratch disks.

While a lab of the cluster exists its own file counts, as its known_hosts does: what was announced in a rehearsal
must never reach the real blades of the same plan.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisioner.blade_notes import changed_notes, read_notes
from provisioner.ssh_identity import blades_folder

FACTS_TASK = "Ask the node what the run decides on"
SCRATCH_TASK = "Make scratch (empty disks are read first, up to 30 s)"


def announced_file(state: Path) -> Path:
    """Where the announcements of a cluster stand, in its state folder or in that of its lab."""
    return blades_folder(state) / "announced.json"


def read_announced(file: Path) -> dict[str, str]:
    """Blade id -> a name for its announcement, which no other one ever had. A damaged file announces nothing."""
    return read_notes(file)


def announce(file: Path, blades: Iterable[str]) -> None:
    """Announces blades; one that was announced already is announced anew."""
    when = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with changed_notes(file) as there:
        there.update({blade: f"{when}-{secrets.token_hex(8)}" for blade in blades})


def consume(file: Path, used: Mapping[str, str]) -> None:
    """Takes back the announcements of blades that have their scratch; one that was made since then stays."""
    if not used:
        return
    with changed_notes(file) as there:
        for blade, name in used.items():
            if there.get(blade) == name:
                del there[blade]


def fulfilled(announced: Mapping[str, str], good: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The announcements that have done their work.

    Args:
        announced: as `read_announced` gave them when the run began.
        good: what tasks returned, for each blade that came through the whole run.
    """
    return {blade: name for blade, name in announced.items() if blade in good and _has_its_scratch(good[blade])}


def _has_its_scratch(results: Mapping[str, Any]) -> bool:
    """Whether a blade waits for nothing any more: as the role left it, or as it was found right."""
    made = results.get(SCRATCH_TASK)
    if isinstance(made, Mapping):
        return not made.get("waiting")
    facts = results.get(FACTS_TASK)
    found = facts.get("ansible_facts") if isinstance(facts, Mapping) else None
    # A fact that is too long is not kept: what waits there is much, and not over.
    scratch = found["blade"].get("scratch") if isinstance(found, Mapping) and "blade" in found else None
    return scratch is not None and bool(scratch["right"]) and not scratch["waiting"]
