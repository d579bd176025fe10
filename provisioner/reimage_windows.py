"""Windows in which blades may come back reimaged: announced ahead, while they still run what they ran.

Within its window a blade may show another host key than the one on record, once. Then it counts as announced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

from provisioner.blade_notes import changed_notes, read_notes
from provisioner.ssh_identity import blades_folder


def windows_file(state: Path) -> Path:
    """Where the windows of a cluster stand, in its state folder or in that of its lab."""
    return blades_folder(state) / "reimage_windows.json"


def open_windows(file: Path, now: datetime | None = None) -> dict[str, datetime]:
    """Blade id -> when its window ends, of those that are open. A damaged file opens none."""
    moment = now or datetime.now(UTC)
    try:
        ends = {blade: datetime.fromisoformat(end) for blade, end in read_notes(file).items()}
        return {blade: end for blade, end in ends.items() if end > moment}
    except (ValueError, TypeError):
        return {}


def open_until(file: Path, blades: Iterable[str], end: datetime) -> None:
    """Opens the windows of blades; one that was open ends then, too."""
    with changed_notes(file) as notes:
        _drop_all_but(notes, open_windows(file))
        notes.update(dict.fromkeys(blades, end.isoformat()))


def close(file: Path, blades: Collection[str]) -> None:
    """Closes the windows of blades."""
    if not blades:
        return
    with changed_notes(file) as notes:
        _drop_all_but(notes, open_windows(file).keys() - {*blades})


def _drop_all_but(notes: dict[str, str], kept: Collection[str]) -> None:
    for blade in notes.keys() - {*kept}:
        del notes[blade]
