"""Puts a first plan where a person wants it, and never in the place of another file by mistake."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from provisioner.errors import ProvisionError, UsageError
from provisioner.plan.load import parse_plan
from provisioner.plan.problems import PlanError

_MODE = 0o755


def refuse_existing(file: Path, force: bool) -> None:
    """Stops before any machine is asked when the file may not be written.

    Raises:
        UsageError: it is there, or a folder is.
    """
    if file.is_dir():
        raise UsageError(f"{file} is a folder", f"name a file in it: --out {file / 'plan.yml'}")
    if (file.exists() or file.is_symlink()) and not force:
        raise UsageError(
            f"{file} is there already, and nothing is overwritten",
            "write another one with --out FILE, or say --force to lose what is in it",
        )


def write_plan(file: Path, text: str, force: bool) -> None:
    """Writes the plan as an executable file, at once, after reading it as any verb would.

    Raises:
        UsageError: somebody else wrote the file meanwhile.
        ProvisionError: the plan would not pass its own check, which is a mistake of this program.
    """
    try:
        parse_plan(text, file)
    except PlanError as error:
        raise ProvisionError(
            "\n".join(["the plan that these machines make would be refused, so it was not written", *error.lines]),
            "report it with these lines",
        ) from None
    target = file.resolve() if force else file
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(_MODE)
        if force:
            fresh.replace(target)
        else:
            with contextlib.suppress(FileExistsError):
                target.hardlink_to(fresh)
                return
            refuse_existing(file, force)
    finally:
        fresh.unlink(missing_ok=True)
