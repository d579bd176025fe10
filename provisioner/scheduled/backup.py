"""The backup of a scheduled run: taken after its own work, where one is due."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from provisioner.backup.make import scheduled_backup
from provisioner.errors import BusyError, ExitCode, ProvisionError
from provisioner.plan.model import Plan


@dataclass(frozen=True)
class Kept:
    """What came of it, nothing of both where none was due.

    Args:
        file: the backup that was taken.
        trouble: why there is none although one is due.
    """

    file: str = ""
    trouble: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {"file": self.file, "trouble": self.trouble}


def kept(plan: Plan, plan_file: Path, code: ExitCode, console: Console) -> Kept:
    """Takes a backup where one is due and the run came to its end; a later run tries again where that fails.

    Args:
        code: what the run came to. Of a cluster whose controller failed there is nothing to be had.
    """
    if code not in (ExitCode.OK, ExitCode.DEGRADED):
        return Kept()
    try:
        made = scheduled_backup(plan, plan_file, console)
    except BusyError:
        return Kept()
    except ProvisionError as error:
        return Kept(trouble=f"no backup: {error.message}; next: {error.next_step}")
    if made is None:
        return Kept()
    if made.file is None:
        failures = made.finished.outcome.failures().values()
        words = next((found.message for found in failures), made.finished.outcome.words)
        return Kept(trouble=f"no backup: {words}; next: `provision backup` tries again")
    return Kept(file=str(made.file))
