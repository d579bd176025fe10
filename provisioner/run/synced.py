"""Whether blades are as the plan wants them, as far as that is known without a run: from former runs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from provisioner import __version__
from provisioner.console_text import counted, their_words
from provisioner.errors import ExitCode
from provisioner.run.history import PastRun, chosen
from provisioner.slurm.installation import Standing

IN_SYNC, DIFFERS, FAILED, UNKNOWN = "in sync", "differs", "failed", "unknown"
COMPARES = "slurm"
_MOST_RECORDS = 300
"""Records that are looked at: a run over the blade is among the newest, or long ago."""


@dataclass(frozen=True)
class Synced:
    """What is known of a blade.

    Args:
        state: one of the four above.
        words: the same for a person, with what differs.
        at: when that was so, an ISO time; '' where nobody knows.
        installation: what its installation is to the cluster, see `slurm.installation`; '' where nobody knows.
    """

    state: str
    words: str
    at: str = ""
    installation: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def synced(
    records: Iterable[tuple[str, Any]], blades: Collection[str], changes: Mapping[str, list[str]]
) -> dict[str, Synced]:
    """What is known of each blade.

    Args:
        records: run and record of each, the newest first.
        changes: what the plan says otherwise by now than the registry has it, by blade.
    """
    found: dict[str, Synced] = {}
    for run in islice(chosen(records, blades, changed=False), _MOST_RECORDS):
        # Only these compare a blade with what its roles keep.
        if run.what.partition(" ")[0] != COMPARES:
            continue
        for name in {*run.blades} & {*blades} - found.keys():
            found[name] = _of(run, name)
        if len(found) == len(blades):
            break
    for name in blades:
        if changes.get(name) and found.get(name, _NOBODY).state != FAILED:
            words = f"the plan changed: {', '.join(changes[name])}"
            found[name] = Synced(DIFFERS, words, installation=Standing.OUTDATED)
    return {name: found.get(name, _NOBODY) for name in blades}


def plan_changes(record: Mapping[str, Any], planned: Mapping[str, Any]) -> list[str]:
    """`tier thin -> medium` for what the plan says otherwise than the record of a member; [] for no record."""
    if not record:
        return []
    return [
        f"{key} {their_words(record.get(key), 60)} -> {planned[key]}"
        for key in ("address", "bay", "tier")
        if record.get(key) != planned[key]
    ]


_NOBODY = Synced(UNKNOWN, "no run of this account")


def _of(run: PastRun, name: str) -> Synced:
    known = _compared(run, name)
    return replace(known, installation=_installation(run, name, known))


def _installation(run: PastRun, name: str, known: Synced) -> str:
    """What the installation is by now: a run that has done its work leaves it in sync, until the program is newer."""
    found = run.installations.get(name, "")
    if known.state == IN_SYNC and found:
        # Members with one machine-id stay that, whatever a run does.
        stays = found == Standing.DUPLICATE
        return found if stays else Standing.IN_SYNC if run.release == __version__ else Standing.OUTDATED
    if known.state == DIFFERS:
        return found if found and found != Standing.IN_SYNC else Standing.OUTDATED
    return found


def _compared(run: PastRun, name: str) -> Synced:
    if name in run.failed:
        return Synced(FAILED, f"the last run failed: {their_words(run.failed[name], 120)}", run.started)
    if name in run.skipped:
        return Synced(UNKNOWN, "the last run left it out", run.started)
    if run.code == ExitCode.STOPPED:
        return Synced(UNKNOWN, "the last run was stopped", run.started)
    if run.is_check() and run.changed.get(name):
        count = len(run.changed[name])
        return Synced(DIFFERS, f"{counted(count, 'thing')} differed at {run.when()}", run.started)
    if left := run.left.get(name):
        return Synced(DIFFERS, f"{counted(len(left), 'thing')} left for later at {run.when()}", run.started)
    return Synced(IN_SYNC, f"in sync at {run.when()}", run.started)
