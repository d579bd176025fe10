"""`prove: full`: all of a disk is read in the background, at idle priority, by a unit that outlives the run.

What it found is kept beside the journal, bound to the disk (identity, size), to the boot and to the counters of
the kernel: a finding counts only as long as nothing was written to the disk since the reading began.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import journal, reading, stamp
from .advice import describe, release
from .machine import Machine
from .model import Decision, Disk, Refusal, Slot, Waiting, slot_number

PYTHON = "/usr/bin/python3"
# systemd says that the unit was started, not that the program has written something.
_POLL_SECONDS = 0.1
START = 20.0
"""Seconds that the unit gets until it reads."""


@dataclass(frozen=True)
class Finding:
    """How far the reading of a disk is: `none`, `reading`, `empty`, `content` or `error`."""

    state: str = "none"
    read: int = 0
    at: int | None = None
    error: str = ""

    def per_cent(self, size: int) -> int:
        """How much of the disk was read."""
        return min(100, self.read * 100 // max(1, size))


def finding(machine: Machine, disk: Disk) -> Finding:
    """What the reading of this very disk says; `none` as well when it says nothing about the disk as it is now."""
    file = finding_file(machine, disk)
    said = _read(file)
    if said.get("disk") not in disk.identities or said.get("size") != disk.size_bytes:
        return Finding()
    state = str(said.get("state"))
    read = int(said.get("read") or 0)
    if state == "reading":
        return Finding(state, read) if _is_locked(file) else Finding()
    same = said.get("boot") == reading.boot_id(machine.proc) and said.get("traces") == reading.traces(
        machine.sys, disk.number
    )
    if state == "empty" and same:
        return Finding(state, read)
    if state in ("content", "error") and same:
        return Finding(state, read, said.get("at"), str(said.get("error", "")))
    return Finding()


def read_first(machine: Machine, decision: Decision, check: bool) -> tuple[Decision, list[str]]:
    """`prove: full`: a disk that was not read as a whole yet is read in the background, and its slot waits.

    Raises:
        Refusal: something was found on it.
    """
    slots: list[Slot] = []
    waiting = list(decision.waiting)
    actions = []
    for slot in decision.slots:
        found = finding(machine, slot.disk) if slot.format else Finding("empty")
        refuse_bad(machine, slot.disk, found, slot_number(slot.label))
        if found.state == "empty":
            slots.append(slot)
            continue
        if found.state == "none":
            actions.append(f"read all of {slot.disk.name} in the background")
            if not check:
                start(machine, slot.disk)
        waiting.append(Waiting(slot, found.per_cent(slot.disk.size_bytes)))
    return Decision(tuple(slots), decision.warnings, tuple(waiting)), actions


def refuse_bad(machine: Machine, disk: Disk, found: Finding, slot: int) -> None:
    """Stop at what the reading found.

    Raises:
        Refusal: there is content, or the disk cannot be read.
    """
    if found.state == "content" and found.at is not None:
        journal.remember_content(machine.journal, disk, found.at)
        disk = replace(disk, content_at=found.at)
        raise Refusal(f"not empty: {describe(disk)}", release(disk, slot))
    if found.state == "error":
        disk = replace(disk, error=found.error)
        raise Refusal(f"not empty: {describe(disk)}", release(disk, slot))


def start(machine: Machine, disk: Disk) -> None:
    """Begin to read the disk in the background, and see that it is read.

    Raises:
        Refusal: the unit cannot be started.
    """
    unit = f"provision-read-{_key(disk)}"
    wanted = ["--collect", "--quiet", f"--unit={unit}", f"--description=Read all of {disk.name} before mkfs"]
    wanted += [f"--property={one}" for one in ("Nice=19", "CPUSchedulingPolicy=idle", "IOSchedulingClass=idle")]
    output = machine.run(["systemd-run", *wanted, *command(machine, disk)])
    if output.code:
        raise Refusal(
            f"{disk.name} cannot be read in the background: {' '.join(output.err.split()) or output.code}",
            f"see why: systemctl status {unit}",
        )
    deadline = time.monotonic() + START
    while finding(machine, disk).state == "none":
        if time.monotonic() > deadline:
            raise Refusal(f"the reading of {disk.name} does not begin", f"see why: journalctl --unit {unit}")
        time.sleep(_POLL_SECONDS)


def command(machine: Machine, disk: Disk) -> list[str]:
    """The reading as a program of its own; its text is put beside the journal, for the module's is gone soon."""
    program = journal.folder(machine.journal) / "reading.py"
    fresh = program.with_name(f".{program.name}.{os.getpid()}")
    # Whatever loads a module that Ansible packed has its source; the general type of a loader does not say so.
    source = reading.__loader__.get_source(reading.__name__)  # type: ignore[union-attr]
    fresh.write_text(source)
    fresh.replace(program)
    file = finding_file(machine, disk)
    file.unlink(missing_ok=True)
    return [PYTHON, str(program), disk.path, str(file), disk.identities[0], stamp.as_bytes(disk.begun).hex()]


def finding_file(machine: Machine, disk: Disk) -> Path:
    """Where the reading of this disk notes how far it is."""
    return machine.journal.parent / f"read-{_key(disk)}.json"


def _key(disk: Disk) -> str:
    return hashlib.sha256(f"{disk.identities[0]} {disk.size_bytes}".encode()).hexdigest()[:16]


def _read(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _is_locked(file: Path) -> bool:
    """Whether the reading still runs: it holds a lock that the kernel takes back when it dies."""
    try:
        with file.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
