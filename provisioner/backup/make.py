"""Takes a backup of a cluster; what `provision backup` and scheduled runs call."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from rich.console import Console

from provisioner import __version__
from provisioner.backup import archive, shelf
from provisioner.backup.cipher import cipher_of, sealed
from provisioner.backup.collect import collect
from provisioner.backup.manifest import IDENTITY, Manifest
from provisioner.errors import ProvisionError, UsageError
from provisioner.names import host_name
from provisioner.paths import state_dir
from provisioner.plan.derive import accounting_host
from provisioner.plan.model import Plan
from provisioner.run import converge as runs
from provisioner.run.converge import Finished
from provisioner.run.guard import guarded
from provisioner.run.owner import account
from provisioner.run.request import Options, PlaybookRun
from provisioner.run.workplace import workplace

BEGIN, PICTURE, END = (
    "Stop slurmctld for a moment, and copy its state", "Take a picture of the database", "Let slurmctld go on",
)  # fmt: skip


ANOTHER = "name another folder: `backup: {to: DIR}` in the plan, or --to DIR"


class ReadOnlyError(UsageError):
    """The folder for backups cannot be written to by anybody here, root included."""


@dataclass(frozen=True)
class Made:
    """A backup that was taken, or a run that failed at it.

    Args:
        file: where it is; None where the run failed.
        away: seconds for which slurmctld did not answer.
        removed: older backups that went.
        left_out: files of the controller and of the site that are not in it, each with the reason.
        notes: what a person should know of it besides.
    """

    finished: Finished
    file: Path | None = None
    manifest: Manifest | None = None
    away: float = 0.0
    removed: Sequence[Path] = field(default_factory=list)
    left_out: Sequence[str] = field(default_factory=list)
    notes: Sequence[str] = field(default_factory=list)


def default_folder(plan: Plan, plan_file: Path) -> Path:
    """Where backups go when nobody says another place; a relative path begins at the plan."""
    if plan.backup.to:
        return plan_file.resolve().parent / Path(plan.backup.to).expanduser()
    return state_dir(plan.cluster.name) / "backups"


def due(plan: Plan, plan_file: Path, now: datetime) -> bool:
    """Whether a scheduled run is to take one: somebody can open it, and the last one is old enough."""
    if not plan.backup.recipients:
        return False
    last = shelf.newest(default_folder(plan, plan_file), plan.cluster.name)
    return last is None or now - last >= timedelta(hours=plan.backup.every_hours)


def scheduled_backup(plan: Plan, plan_file: Path, console: Console) -> Made | None:
    """For scheduled runs, after their own work: takes a backup where one is due, and keeps the newest N.

    Returns:
        None where none is due.

    Raises:
        ProvisionError: it could not be taken; the cluster is as it was.
    """
    if not due(plan, plan_file, datetime.now(UTC)):
        return None
    return make_backup(plan, plan_file, console, default_folder(plan, plan_file), plan.backup.recipients, quiet=True)


def make_backup(
    plan: Plan, plan_file: Path, console: Console, folder: Path, recipients: Sequence[str], quiet: bool = False
) -> Made:
    """Takes a backup and puts it into the folder, for the recipients only; readable by all who get it for none.

    Raises:
        UsageError: it could not be encrypted or put there; the cluster was not touched.
        BusyError: another run works on the cluster.
        ProvisionError: it could not be written; the cluster is as it was.
    """
    cipher = refuse(folder, recipients)
    moment = datetime.now(UTC)
    with workplace() as place, guarded(place):
        extra = {"provision_backup": {"folder": str(place)}}
        host = accounting_host(plan)
        asked = PlaybookRun(plan, plan_file, [host] if host else [], "backup.yml", Options(extra=extra), quiet)
        finished = runs.converge(asked, console)
        results = finished.results.get(host_name(plan.cluster.controller), {})
        begun, ended = results.get(BEGIN), results.get(END)
        if finished.outcome.code != 0 or begun is None or ended is None:
            return Made(finished)
        with _written("what belongs into the backup", place.parent, "make room there, or mend that file"):
            found = collect(place, plan_file)
        manifest = _manifest(plan, moment, [begun, results.get(PICTURE) or {}, ended], found.members)

        def write(stream: IO[bytes]) -> None:
            with sealed(stream, recipients) as plain:
                archive.pack(place, manifest, plain)

        with _written("the backup", folder, f"make room there, or {ANOTHER}"):
            file = shelf.put(folder, shelf.file_name(plan.cluster.name, moment, cipher), write)
    removed, notes = _thinned(folder, plan)
    away = ended.get("away")
    away = away if isinstance(away, float) else 0.0
    return Made(finished, file, manifest, away, removed, found.left_out, [*found.notes, *notes])


@contextmanager
def _written(what: str, folder: Path, step: str) -> Iterator[None]:
    """Says in a sentence what could not be written or read."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename and not str(error.filename).startswith(str(folder)) else ""
        raise ProvisionError(f"{what} could not be written to {folder}: {error.strerror}{where}", step) from None


def _thinned(folder: Path, plan: Plan) -> tuple[list[Path], list[str]]:
    """Which old ones went, and a note where they could not: the new one is there all the same."""
    try:
        return shelf.thin(folder, plan.cluster.name, plan.backup.keep), []
    except OSError as error:
        return [], [f"backups that are older than the newest {plan.backup.keep} stay in {folder}: {error.strerror}"]


def refuse(folder: Path, recipients: Sequence[str]) -> str:
    """Everything that would stop a backup later, before anything is touched; the cipher, '' for none.

    Raises:
        UsageError: see `make_backup`.
    """
    cipher = cipher_of(recipients)
    with ExitStack() as stack:
        nowhere = stack.enter_context(Path(os.devnull).open("wb"))
        try:
            stack.enter_context(sealed(nowhere, recipients)).write(b"")
            stack.close()
        except ProvisionError as error:
            raise UsageError(error.message, error.next_step) from None
    make_folder(folder)
    return cipher


def make_folder(folder: Path) -> None:
    """Makes the folder for backups where it is missing.

    Raises:
        ReadOnlyError: it is in a filesystem that is read-only here, as all but a few folders are for runs of a timer.
        UsageError: it cannot be made, or is not this account's to use.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    except OSError as error:
        words = f"backups cannot go to {folder}: {error.strerror}"
        raise (ReadOnlyError if error.errno == errno.EROFS else UsageError)(words, ANOTHER) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UsageError(f"{folder} is not yours to write to", ANOTHER)


def _manifest(plan: Plan, moment: datetime, answers: Sequence[Any], found: Sequence[Any]) -> Manifest:
    """What the nodes said is checked by the shape of a manifest."""
    begun, picture, ended = answers
    known = str(picture.get("clusters") or "").splitlines()
    try:
        return Manifest(
            format=1,
            cluster=plan.cluster.name,
            controller=plan.cluster.controller,
            accounting=accounting_host(plan) or "",
            moment=moment.isoformat(timespec="seconds"),
            by=account(),
            provision=__version__,
            debian=begun.get("debian", ""),
            slurm=begun.get("slurm", ""),
            identity=begun.get("cluster", ""),
            # sacctmgr takes any name for a cluster; those that no slurmctld of ours has are nothing to compare with.
            database="\n".join(line for line in known if re.fullmatch(IDENTITY, line)),
            unpacked=ended.get("unpacked", 0),
            members=list(found),
        )
    except ValueError:
        raise ProvisionError("the controller's answer is none that a backup can have", "look at that blade") from None
