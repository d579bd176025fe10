"""Brings a backup back; what `provision restore` calls."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from provisioner.backup import archive
from provisioner.backup.cipher import opened
from provisioner.backup.manifest import Manifest
from provisioner.errors import ExitCode, ProvisionError, UsageError
from provisioner.names import host_name
from provisioner.plan.derive import accounting_host
from provisioner.plan.model import Plan
from provisioner.run import converge as runs
from provisioner.run.converge import Finished
from provisioner.run.guard import guarded
from provisioner.run.request import Options, PlaybookRun
from provisioner.run.workplace import workplace
from provisioner.slurm.restoring import PLACE, Verdict, judge, part_of, path_of

CONTROLLER, DATABASE = "Look at the controller", "Look at the database"


@dataclass(frozen=True)
class Backup:
    """A backup that was opened and found whole, in a private folder."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """Names this very backup."""
        return hashlib.sha256(self.manifest.model_dump_json().encode()).hexdigest()


@contextmanager
def opened_backup(file: Path, identity: Path | None) -> Iterator[Backup]:
    """Opens a backup, and looks through all of it before anybody believes a word.

    Raises:
        UsageError: it cannot be opened, is damaged, or has what no backup has.
    """
    if not file.is_file():
        raise UsageError(f"there is no file {file}", "name a backup; `provision backup` says where they are")
    with workplace() as folder, guarded(folder):
        with opened(file, identity) as stream:
            manifest = archive.unpack(stream, folder)
        found = archive.check_state(folder, manifest)
        kept = found.get("clustername", b"").decode(errors="replace").strip()
        if kept != manifest.identity:
            raise UsageError("this backup says of its state what is not in it", "take another backup")
        yield Backup(folder, manifest)


def extract(backup: Backup, target: Path) -> None:
    """Leaves the files of a backup in a new folder that only this user enters.

    Raises:
        UsageError: the folder is there already, or cannot be made.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", "name a folder that is not")
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A name that nobody else has: whatever stands beside it is not ours.
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        for member in backup.manifest.members:
            to = part / member.name
            to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy2(backup.folder / member.name, to)
        (part / "manifest.json").write_text(backup.manifest.model_dump_json(indent=1))
        part.rename(target)
        part = None
    except OSError as error:
        words = f"the backup cannot be unpacked into {target}: {error.strerror}"
        raise UsageError(words, "make room there, or name another folder") from None
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


@dataclass(frozen=True)
class Restore:
    """A backup and the cluster that it comes back to."""

    plan: Plan
    plan_file: Path
    console: Console
    backup: Backup
    quiet: bool = False

    def look(self, keep: Collection[str], overwrite: Collection[str]) -> tuple[Finished, Verdict | None]:
        """What would become of each part; None where a blade does not answer."""
        finished = runs.look(self._run("look"), self.console)
        controller = finished.results.get(host_name(self.plan.cluster.controller), {}).get(CONTROLLER)
        place = accounting_host(self.plan)
        asked = finished.results.get(host_name(place), {}).get(DATABASE) if place else None
        if finished.outcome.code != 0 or controller is None or (place and asked is None):
            return finished, None
        try:
            verdict = judge(self.backup.manifest, self.plan.cluster.name, controller, asked, keep, overwrite)
        except (AttributeError, TypeError, ValueError):
            raise ProvisionError("a blade's answer is none that a restore can go by", "look at that blade") from None
        return finished, verdict

    def place(self, verdict: Verdict) -> Finished:
        """Puts everything in place that the verdict says."""
        files = [_file(each) for each in verdict.files]
        pieces = [{"name": each.sha256, "file": each.name} for each in verdict.files]
        state = verdict.parts["state"] == PLACE
        if state:
            pieces.append({"name": "state", "file": "state.tar.gz"})
        return runs.converge(
            self._run(
                "place",
                files=files,
                pieces=list({each["name"]: each for each in pieces}.values()),
                state=state,
                database=verdict.parts["database"] == PLACE,
                unpacked=self.backup.manifest.unpacked,
                folder=str(self.backup.folder),
            ),
            self.console,
        )

    def start(self) -> Finished:
        """The run of `provision slurm` over the controller and the database, which starts slurmctld."""
        asked = PlaybookRun(self.plan, self.plan_file, self._database, "slurm.yml", Options(), self.quiet)
        return runs.converge(asked, self.console)

    def finish(self) -> Finished:
        """Removes what only a restore that died would need."""
        return runs.converge(self._run("finish"), self.console)

    @property
    def _database(self) -> list[str]:
        """The blade of the database, where there is one."""
        place = accounting_host(self.plan)
        return [place] if place else []

    def _run(self, step: str, **more: Any) -> PlaybookRun:
        files = [_file(each) for each in self.backup.manifest.members if part_of(each)]
        asked: Mapping[str, Any] = {"step": step, "archive": self.backup.id, "files": files, **more}
        options = Options(extra={"provision_restore": asked})
        # A blade that nobody asks anything counts as left out.
        blades = self._database if asked.get("database", True) else []
        return PlaybookRun(self.plan, self.plan_file, blades, "restore.yml", options, self.quiet)


def through(finished: Finished) -> bool:
    """Whether a run came to its end on every blade that matters here."""
    return finished.outcome.code == ExitCode.OK


def _file(member: Any) -> dict[str, str]:
    return {
        "path": path_of(member), "sha256": member.sha256,
        "owner": member.owner, "group": member.group, "mode": member.mode,
    }  # fmt: skip
