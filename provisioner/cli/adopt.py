"""`provision disks --adopt`: writes the ids of scratch disks into the plan file, for a person to commit."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from provisioner.cli.say import say
from provisioner.disks import FoundDisk, scratch_ids
from provisioner.errors import ProvisionError, UsageError
from provisioner.plan.adopt import Ids, adopted, with_ids
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan

_MARK = "\ufeff"


def write_ids(
    console: Console, plan_file: Path, plan: Plan, found: Mapping[str, Sequence[FoundDisk]], check: bool
) -> bool:
    """Writes what is clear and shows the change; says what is not clear, and returns whether there is such a blade.

    Raises:
        UsageError: the plan is written in a way that cannot be edited safely.
        ProvisionError: the file was changed by somebody else meanwhile.
    """
    ids, unclear = _ids(plan, found)
    if not ids:
        if not unclear:
            say("nothing to write: the plan names every scratch disk of these blades")
        return unclear
    target = plan_file.resolve()
    before = target.read_bytes()
    text = before.decode()
    mark, text = (_MARK, text[1:]) if text.startswith(_MARK) else ("", text)
    changed = adopted(text, plan_file, ids)
    _show(console, plan_file, text, changed)
    if not check:
        _replace(target, before, f"{mark}{changed}".encode(), with_ids(plan, ids))
        say(f"{plan_file}: look at the change and commit it; then: provision slurm --nodes {','.join(ids)}")
    return unclear


def _ids(plan: Plan, found: Mapping[str, Sequence[FoundDisk]]) -> tuple[Ids, bool]:
    """The ids for each blade where something is missing in the plan."""
    ids = {}
    unclear = False
    for name, reported in found.items():
        try:
            if its := scratch_ids(plan, name, reported):
                ids[name] = its
        except UsageError as error:
            unclear = True
            say(f"{error.message}\n  next: {error.next_step}", err=True)
    return ids, unclear


def _show(console: Console, plan_file: Path, before: str, after: str) -> None:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(plan_file), "with the ids", lineterm="", n=1
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _replace(target: Path, before: bytes, after: bytes, wanted: Plan) -> None:
    """Replaces the plan at once, with its mode and owner, after reading the new one as any verb would."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_bytes(after)
        shutil.copymode(target, fresh)
        status = target.stat()
        if os.geteuid() == 0:
            os.chown(fresh, status.st_uid, status.st_gid)
        if load_plan(fresh) != wanted:
            raise UsageError(
                "the plan would say something else", "write the lines by hand: `provision disks` prints them"
            )
        if target.read_bytes() != before:
            raise ProvisionError(f"{target} was changed meanwhile, so nothing was written", "try again")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
