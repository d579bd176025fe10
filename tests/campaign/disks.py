"""Disks of 300 GB with contents of chance: what holds anything is refused byte-identical, an empty one is formatted."""

from __future__ import annotations

import hashlib
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from playbooks.module_utils.blade_disks.machine import Machine, Output
from playbooks.module_utils.blade_disks.model import GB, Refusal, Wanted
from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.disk_contents import CONTENTS, Disk
from tests.disks.blade_lab import Blade

SIZE_GB = 300
SECTOR = 512
EMPTY = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class FailingMachine(Machine):
    """A machine whose mkfs fails: a bad disk, or a power cut at that moment."""

    def run(self, command: list[str]) -> Output:  # type: ignore[override]
        """Everything else runs."""
        return Output(1, "", "failed") if command[0].startswith("mkfs") else super().run(command)


def _leave_a_note(blade: Blade, wanted: Wanted) -> None:
    """A run whose mkfs failed; whatever it wrote down is to open nothing later."""
    honest = blade.machine
    blade.machine = FailingMachine(**vars(honest))
    try:
        blade.converge([wanted])
    except Refusal:
        pass
    finally:
        blade.machine = honest


def _converge(blade: Blade, wanted: Wanted, said: list[str]) -> dict[str, object]:
    """Looks, then does it; {} when it was refused."""
    result: dict[str, object] = {}
    for check in (True, False):
        try:
            result = blade.converge([wanted], check=check)
        except Refusal as refusal:
            said.append(f"{refusal.message}; next: {refusal.next_step}")
            return {}
        except Exception:
            raise Broken("the guard stops with a traceback", {"traceback": traceback.format_exc()}) from None
    return result


def _try_disk(blade: Blade, random: Random, name: str, tally: Tally, evidence: dict[str, str]) -> None:
    size = SIZE_GB * GB + random.randrange(-(10**9), 10**9) // SECTOR * SECTOR
    disk = Disk(blade.add("sdb", size), blade.image("sdb"), size)
    wanted = Wanted(SIZE_GB, blade.link("sdb") if random.random() < 0.7 else None)
    evidence["disk"] = f"{size} bytes, {'by id' if wanted.id else 'by size class'}"
    if random.random() < 0.2:
        _leave_a_note(blade, wanted)
        evidence["disk"] += ", after a run whose mkfs failed"
    evidence["content"] = CONTENTS[name](random, disk)
    before = blade.digest("sdb")
    said: list[str] = []
    result = _converge(blade, wanted, said)
    evidence["said"] = "\n".join(said) or f"actions {result.get('actions')}"
    same = blade.digest("sdb") == before
    if before != EMPTY:
        tally["contents tried"] += 1
        if not same:
            raise Broken(f"a disk that holds something was written to: {name}", evidence)
        tally["refused byte-identical"] += 1
    elif wanted.id:
        tally["empty disks named by id"] += 1
        if same or not blade.scratch.is_mount():
            raise Broken("an empty disk that was named by id is no scratch", evidence)
        tally["formatted"] += 1


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    def run(case: Case, tally: Tally) -> None:
        random = case.random()
        # every kind in turn, so that few cases are not all of one
        name = list(CONTENTS)[case.number % len(CONTENTS)]
        folder = Path(place.folder / str(case.number))
        blade = Blade(folder)
        evidence: dict[str, str] = {}
        try:
            _try_disk(blade, random, name, tally, evidence)
        except Broken as broken:
            tally["tracebacks"] += "traceback" in broken.evidence
            raise Broken(broken.sentence, {**evidence, **broken.evidence}) from None
        finally:
            blade.close()
            shutil.rmtree(folder)

    yield run


FIGURES = ("contents tried", "refused byte-identical", "empty disks named by id", "formatted", "tracebacks")
DISKS = Part("disks", FIGURES, 3, _open)
