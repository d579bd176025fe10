"""What a lab has to remember beside what podman knows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from provisioner.lab.settings import Release
from provisioner.lab.shared import Shared
from provisioner.private import write_private


@dataclass(frozen=True)
class LabRecord:
    """The release of all blades, and the directory that they share."""

    release: Release
    shared: Shared | None = None

    def write(self, file: Path) -> None:
        """Writes the record; before what it speaks of is made, so that a crash leaves no orphan."""
        write_private(file, json.dumps(asdict(self), indent=2) + "\n")


def read_record(file: Path) -> LabRecord | None:
    """The record of a lab, None when there is no lab."""
    if not file.exists():
        return None
    found = json.loads(file.read_text())
    shared = found.get("shared")
    return LabRecord(Release(found["release"]), Shared(**shared) if shared else None)
