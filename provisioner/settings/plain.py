"""What plain Ansible would stumble over beside a plan; a run of `provision` reads none of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from provisioner.accounts.load import FILE
from provisioner.plan.problems import printable

# ansible.cfg names the accounts file as no inventory.
_KNOWN = {"group_vars", "host_vars", FILE}
_LEFT_ALONE = (".md", ".txt", ".rst", ".bak", ".orig", ".swp", ".cfg", ".retry", ".pyc", ".pyo", "~")
_SHOWN = 5


def plain_notes(plan_file: Path) -> Iterator[str]:
    """One sentence with its remedy for each thing; none for a plan that is no inventory by its first line."""
    with plan_file.open(errors="replace") as text:
        if not text.readline().startswith("#!"):
            return
    if not os.access(plan_file, os.X_OK):
        yield f"{plan_file} is not executable, so plain Ansible gets no inventory from it; next: chmod +x {plan_file}"
    if shutil.which("provision") is None:
        yield (
            "provision is not in PATH, where plain Ansible looks for it when it runs the plan; "
            "next: export PATH=DIRECTORY:$PATH with the directory it was installed in, such as .venv/bin"
        )
    strays = [printable(path.name) for path in sorted(plan_file.parent.iterdir()) if _is_read(path, plan_file)]
    if strays:
        more = f" and {len(strays) - _SHOWN} more" if len(strays) > _SHOWN else ""
        names = f"{', '.join(strays[:_SHOWN])}{more}"
        yield f"plain Ansible reads all of {plan_file.parent} as inventory, also {names}; next: move that elsewhere"


def _is_read(path: Path, plan_file: Path) -> bool:
    return (
        not path.name.startswith(".")
        and path.name not in {*_KNOWN, plan_file.name}
        and not path.name.endswith(_LEFT_ALONE)
    )
