"""What a lab has to remember beside what podman knows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from provisioner.lab.settings import Release
from provisioner.private import write_private


@dataclass(frozen=True)
class LabRecord:
    """The release of all blades, and the names in known_hosts that belong to the lab."""

    release: Release
    known_names: frozenset[str] = frozenset()

    def with_names(self, names: Iterable[str]) -> LabRecord:
        """The same with more names in known_hosts."""
        return replace(self, known_names=self.known_names.union(names))

    def write(self, file: Path) -> None:
        """Writes the record; before what it speaks of is made, so that a crash leaves no orphan."""
        content = {"release": self.release.value, "known_names": sorted(self.known_names)}
        write_private(file, json.dumps(content, indent=2) + "\n")


def read_record(file: Path) -> LabRecord | None:
    """The record of a lab, None when there is no lab."""
    if not file.exists():
        return None
    content = json.loads(file.read_text())
    return LabRecord(Release(content["release"]), frozenset(content.get("known_names", ())))
