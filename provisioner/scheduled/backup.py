"""The backup of a scheduled run: taken after its own work, where one is due."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from provisioner.backup.make import ReadOnlyError, scheduled_backup
from provisioner.errors import BusyError, ExitCode, ProvisionError
from provisioner.plan.model import Plan
from provisioner.scheduled.counted import BY_UNIT

_AGAIN = "run `provision timer install` again, which lets the runs of the timer write there"


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
        # Its unit lets a run write to what was the folder for backups when the timer was installed.
        again = isinstance(error, ReadOnlyError) and os.environ.get(BY_UNIT)
        return Kept(trouble=f"no backup: {error.message}; next: {_AGAIN if again else error.next_step}")
    except OSError as error:
        # What the run itself came to is told all the same.
        where = f"{error.filename}: " if error.filename else ""
        return Kept(trouble=f"no backup: {where}{error.strerror}; next: look at that, then try `provision backup`")
    if made is None:
        return Kept()
    if made.file is None:
        failures = made.finished.outcome.failures().values()
        words = next((found.message for found in failures), made.finished.outcome.words)
        return Kept(trouble=f"no backup: {words}; next: `provision backup` tries again")
    return Kept(file=str(made.file))
