"""Windows in which blades may come back reimaged: announced ahead, while they still run what they ran.

Within its window a blade may show another host key than the one on record, once. Then it counts as announced.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from provisioner.private import write_private
from provisioner.ssh_identity import blades_folder


def windows_file(state: Path) -> Path:
    """Where the windows of a cluster stand, in its state folder or in that of its lab."""
    return blades_folder(state) / "reimage_windows.json"


def open_windows(file: Path, now: datetime | None = None) -> dict[str, datetime]:
    """Blade id -> when its window ends, of those that are open. A damaged file opens none."""
    moment = now or datetime.now(UTC)
    try:
        found = json.loads(file.read_text())
        ends = {str(blade): datetime.fromisoformat(str(end)) for blade, end in found.items()}
        return {blade: end for blade, end in ends.items() if end > moment}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def open_until(file: Path, blades: Iterable[str], end: datetime) -> None:
    """Opens the windows of blades; one that was open ends then, too."""
    with _alone(file):
        _write(file, {**open_windows(file), **dict.fromkeys(blades, end)})


def close(file: Path, blades: Collection[str]) -> None:
    """Closes the windows of blades."""
    if not blades:
        return
    with _alone(file):
        _write(file, {blade: end for blade, end in open_windows(file).items() if blade not in blades})


def _alone(file: Path) -> FileLock:
    """A person may announce while a run takes note of a blade."""
    return FileLock(file.with_name(f".{file.name}.lock"))


def _write(file: Path, ends: dict[str, datetime]) -> None:
    if ends:
        write_private(file, json.dumps({blade: end.isoformat() for blade, end in ends.items()}, indent=2) + "\n")
    else:
        file.unlink(missing_ok=True)
