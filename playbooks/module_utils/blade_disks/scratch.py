"""The whole of scratch on one blade: inspect, decide, apply, tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import full, inspect, journal, striped, users
from .apply import WRITE_FSTAB, apply, size_mib
from .decide import decide
from .machine import Machine
from .model import MIB, Decision, Refusal, Slot, Waiting, Wanted
from .verdict import FREE, report, verdict


@dataclass(frozen=True)
class Allowed:
    """What a person allowed: the announcement of the blade ('' for none), and how a disk is proved empty first."""

    announced: str = ""
    prove: str = "dense"


def reports(machine: Machine) -> list[dict[str, Any]]:
    """Every whole disk of the blade with verdict and evidence, and how far it was read in the background."""
    told = []
    for disk in inspect.disks(machine):
        if verdict(disk) == FREE:
            disk = replace(disk, uses=tuple(use.words for use in users.uses(machine, disk) if use.writes))
        found = full.finding(machine, disk) if disk.identities else full.Finding()
        told.append({**report(disk), "read": found.per_cent(disk.size_bytes) if found.state == "reading" else None})
    return told


def converge(
    machine: Machine,
    wanted: Sequence[Wanted],
    layout: str,
    mount_point: str,
    check: bool,
    allowed: Allowed | None = None,
    glance: bool = False,
) -> dict[str, Any]:
    """Bring scratch into the wanted state; in check mode only say what would be done.

    Args:
        allowed: what a person allowed beside the ids in `wanted`.
        glance: in check mode, look only as far as every run does.

    Returns:
        What the module returns: changed, actions, warnings, waiting, diff, mounts, disks, ansible_facts.

    Raises:
        Refusal: the disks are not what the plan says, or a step failed.
    """
    if not mount_point.startswith("/") or mount_point == "/":
        raise Refusal(f"{mount_point} is no mount point for scratch", "use a folder of its own, such as /scratch")
    allowed = allowed or Allowed()
    announced = bool(allowed.announced) and not journal.is_used(machine.journal, allowed.announced)
    disks = inspect.disks(machine)

    def choose() -> tuple[Decision, list[str]]:
        decision = decide(disks, wanted, inspect.numbers_of(wanted), mount_point, announced)
        return full.read_first(machine, decision, check) if allowed.prove == "full" else (decision, [])

    if layout == "striped" and wanted:
        decision, actions = striped.prepare(machine, disks, wanted, mount_point, check, choose)
    else:
        decision, actions = choose()
    done = apply(machine, decision.slots, check, glance)
    actions = [*actions, *done.actions]
    if announced and not decision.waiting and not check:
        journal.use(machine.journal, allowed.announced)
    if actions and not check:
        disks = inspect.disks(machine)
    mounts = [_mounted(slot, done.actions, check) for slot in decision.slots]
    waiting = [_waits(waits) for waits in decision.waiting]
    warnings = [*decision.warnings, *done.warnings]
    size = next((mount["size_mib"] for mount in mounts if mount["mount_point"] == mount_point), 0)
    expected = next((slot.disk.size_bytes // MIB for slot in decision.slots if slot.mount_point == mount_point), 0)
    return {
        "changed": bool(actions),
        "actions": actions,
        "lines": lines(decision.slots, actions),
        "warnings": warnings,
        "waiting": waiting,
        "diff": {
            "before": done.fstab_before,
            "after": done.fstab_after + "".join(f"# {action}\n" for action in actions),
            "before_header": "/etc/fstab",
            "after_header": "/etc/fstab and disks",
        },
        "mounts": mounts,
        "disks": [report(disk) for disk in disks],
        "ansible_facts": {
            "scratch": {
                "size_mib": size,
                "expected_mib": size or expected,
                "mounts": mounts,
                "waiting": waiting,
                "warnings": warnings,
            },
        },
    }


def lines(slots: Sequence[Slot], actions: Sequence[str]) -> list[str]:
    """The actions as a person is told of them, `WHAT: what is there -> what will be`; one for all of a new disk."""
    new = [slot for slot in slots if slot.format]
    told = [f"{slot.disk.path}: {_before(slot)} -> XFS at {slot.mount_point}" for slot in new]
    done = {f"format {slot.disk.name} as {slot.label}" for slot in new} | {_mounting(slot) for slot in new}
    for action in actions:
        slot = next((slot for slot in slots if slot.mount_point in action.split()), None)
        if action in done or slot in new or (new and action == WRITE_FSTAB):
            continue
        if slot is not None and action == _mounting(slot):
            told.append(f"{slot.mount_point}: not mounted -> {slot.disk.path}")
        elif slot is not None:
            told.append(f"{slot.mount_point}: closed -> open to all users")
        else:
            told.append("/etc/fstab: content" if action == WRITE_FSTAB else f"disks: {action}")
    return told


def _before(slot: Slot) -> str:
    return "half made" if slot.disk.begun else "empty"


def _mounting(slot: Slot) -> str:
    return f"mount {slot.label} at {slot.mount_point}"


def _waits(waiting: Waiting) -> dict[str, Any]:
    disk = waiting.slot.disk
    return {
        "disk": disk.name,
        "model": disk.model,
        "size_gb": disk.size_gb,
        "mount_point": waiting.slot.mount_point,
        "read": waiting.read,
    }


def _mounted(slot: Slot, actions: Sequence[str], check: bool) -> dict[str, Any]:
    """One filesystem as the module returns it; in check mode an unmounted one has no size yet."""
    pending = check and _mounting(slot) in actions
    return {
        "label": slot.label,
        "mount_point": slot.mount_point,
        "device": slot.disk.path,
        "size_mib": 0 if pending else size_mib(slot.mount_point),
    }
