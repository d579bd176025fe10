"""The whole of scratch on one blade: inspect, decide, apply, tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import inspect, striped
from .apply import apply, size_mib
from .decide import decide
from .machine import Machine
from .model import Refusal, Slot, Wanted
from .verdict import report


def reports(machine: Machine) -> list[dict[str, Any]]:
    """Every whole disk of the blade with verdict and evidence."""
    return [report(disk) for disk in inspect.disks(machine)]


def converge(machine: Machine, wanted: Sequence[Wanted], layout: str, mount_point: str, check: bool) -> dict[str, Any]:
    """Bring scratch into the wanted state; in check mode only say what would be done.

    Returns:
        What the module returns: changed, actions, warnings, diff, mounts, disks, ansible_facts.

    Raises:
        Refusal: the disks are not what the plan says, or a step failed.
    """
    if not mount_point.startswith("/") or mount_point == "/":
        raise Refusal(f"{mount_point} is no mount point for scratch", "use a folder of its own, such as /scratch")
    disks = inspect.disks(machine)
    if layout == "striped" and wanted:
        slots, warnings, actions = striped.prepare(machine, disks, wanted, mount_point, check)
    else:
        decision = decide(disks, wanted, inspect.numbers_of(wanted), mount_point)
        slots, warnings, actions = decision.slots, decision.warnings, []
    done = apply(machine, slots, check)
    actions = [*actions, *done.actions]
    if actions and not check:
        disks = inspect.disks(machine)
    mounts = [_mounted(slot, done.actions, check) for slot in slots]
    return {
        "changed": bool(actions),
        "actions": actions,
        "warnings": list(warnings),
        "diff": {
            "before": done.fstab_before,
            "after": done.fstab_after + "".join(f"# {action}\n" for action in actions),
            "before_header": "/etc/fstab",
            "after_header": "/etc/fstab and disks",
        },
        "mounts": mounts,
        "disks": [report(disk) for disk in disks],
        "ansible_facts": {"scratch": {"size_mib": mounts[0]["size_mib"] if mounts else 0, "mounts": mounts}},
    }


def _mounted(slot: Slot, actions: Sequence[str], check: bool) -> dict[str, Any]:
    """One filesystem as the module returns it; in check mode an unmounted one has no size yet."""
    pending = check and f"mount {slot.label} at {slot.mount_point}" in actions
    return {
        "label": slot.label,
        "mount_point": slot.mount_point,
        "device": slot.disk.path,
        "size_mib": 0 if pending else size_mib(slot.mount_point),
    }
