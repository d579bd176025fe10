"""Copies of this project with more roles than it has, as somebody who adds a role has it."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.states import ROOT


def copy_project(folder: Path) -> Path:
    """Puts what a run needs of this project below a folder; `python -m provisioner` started there runs it."""
    for name in ("provisioner", "playbooks", "roles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def add_role(project: Path, source: Path, name: str) -> None:
    """Adds a role for compute nodes to a copy, by the two edits that CONTRIBUTING.md names.

    Args:
        project: the copy.
        source: the folder of a role; its files speak of it by the folder's name.
        name: what the role is called in the copy.
    """
    role = project / "roles" / name
    shutil.copytree(source, role)
    for file in role.rglob("*.yml"):
        file.write_text(file.read_text().replace(source.name, name))
    roles = project / "provisioner" / "roles.py"
    roles.write_text(roles.read_text().replace('    "slurmd": ', f'    "{name}": _computes,\n    "slurmd": '))
    states = project / "playbooks" / "tasks" / "states.yml"
    entry = f"- name: See what {name} keeps\n  ansible.builtin.import_role: {{name: {name}, public: true, "
    states.write_text(f"{states.read_text()}\n{entry}rolespec_validate: false}}\n  tags: [never]\n")
