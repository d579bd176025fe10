"""Which files of a site Ansible reads variables from: group_vars and host_vars beside the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provisioner.plan.problems import Problem

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


def unread(site: Path) -> Iterator[tuple[str, Problem]]:
    """What a person put there and Ansible does not read: a file with another ending, `group_vars` that is none."""
    for folder in FOLDERS:
        place = site / folder
        if place.exists() and not place.is_dir():
            yield (
                folder,
                Problem(1, 1, f"{folder} is a folder for Ansible, and this is none", f"move it to {folder}/all.yml"),
            )
            continue
        for path in sorted(place.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(site).parts)
            if path.is_file() and not hidden and not _is_taken(path) and not _is_for_people(path):
                wrong, right = "Ansible does not read a file with this ending", "end its name with .yml, or move it"
                yield str(path.relative_to(site)), Problem(1, 1, wrong, right)


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if not _is_left_alone(path):
            yield from _below(path) if path.is_dir() else [path]


def _is_left_alone(path: Path) -> bool:
    return path.name.startswith(".") or path.name.endswith("~") or (path.is_file() and not _is_taken(path))


def _is_taken(path: Path) -> bool:
    return path.suffix in _ENDINGS


def _is_for_people(path: Path) -> bool:
    """A text about the folder, or what an editor keeps."""
    return path.suffix in (".md", ".rst") or path.name.endswith("~")
