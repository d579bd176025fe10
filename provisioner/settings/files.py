"""Which files of a site Ansible reads variables from: group_vars and host_vars beside the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("group_vars", "host_vars")
_ENDINGS = (".yml", ".yaml", ".json", "")
"""What Ansible takes; a file with another ending it leaves alone in silence."""


@dataclass(frozen=True)
class VariableFile:
    """One file with variables of a group or host; `shown` is its path beside the plan, as a person knows it."""

    folder: str
    owner: str
    path: Path
    shown: str


def variable_files(site: Path) -> Iterator[VariableFile]:
    """The files of a site in the order of their names; a folder named after a group or host has several.

    Args:
        site: the folder of the plan.
    """
    for folder in FOLDERS:
        place = site / folder
        for path in sorted(place.iterdir()) if place.is_dir() else []:
            if _is_left_alone(path):
                continue
            owner = path.name if path.is_dir() else path.stem if path.suffix in _ENDINGS else path.name
            found = sorted(_below(path)) if path.is_dir() else [path]
            for file in found:
                yield VariableFile(folder, owner, file, str(file.relative_to(site)))


def ignored_files(site: Path) -> Iterator[str]:
    """Files in these folders that Ansible does not read because of their ending, such as `all.yml.txt`."""
    for folder in FOLDERS:
        for path in sorted((site / folder).rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(site).parts)
            if path.is_file() and not hidden and path.suffix not in _ENDINGS and not path.name.endswith("~"):
                yield str(path.relative_to(site))


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if not _is_left_alone(path):
            yield from _below(path) if path.is_dir() else [path]


def _is_left_alone(path: Path) -> bool:
    return path.name.startswith(".") or path.name.endswith("~") or (path.is_file() and path.suffix not in _ENDINGS)
