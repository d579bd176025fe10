"""What a rolling run came to, as its one record and its JSON have it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.errors import ExitCode
from provisioner.run.roll_batch import Rolled

_NOTHING: Mapping[str, Any] = {
    "status": "ok", "changed": [], "notes": [], "left": [], "left_because": "", "modules": 0, "seconds": 0.0,
    "skipped": "", "failure": None,
}  # fmt: skip
REBOOTED = "rebooted"
# What its own verification says of a node that it is at work on (`slurm_drains.left`).
_OWN_DRAIN = "a rolling run has it out of work ("
_LISTS = ("changed", "notes", "left")
GOES_ON = "the same command goes on; `provision resume` gives back what is still out of work"


def code_of(rolled: Rolled, stopped: bool = False) -> ExitCode:
    """What it came to; what nobody worked on is not converged either."""
    if stopped:
        return ExitCode.STOPPED
    if not rolled.failed and not rolled.left:
        return ExitCode.OK
    return ExitCode.DEGRADED if rolled.done or rolled.same or not rolled.failed else ExitCode.FAILED


def record_of(rolled: Rolled, roll: Mapping[str, Any], seconds: float, stopped: bool = False) -> dict[str, Any]:
    """The record, in the shape of the record of any run.

    Args:
        roll: what was asked for, in words.
        seconds: how long all of it took.
        stopped: whether a person or a signal ended it.
    """
    blades = _blades(rolled)
    code = code_of(rolled, stopped)
    return {
        "exit_code": int(code),
        "meaning": code.meaning,
        "interrupted": stopped,
        "at_work": {},
        "next_step": GOES_ON if stopped else "",
        "seconds": round(seconds, 1),
        "changed": sum(len(blade["changed"]) for blade in blades.values()),
        "phases": {},
        "blades": blades,
        "rolling": {
            **roll,
            "batches": rolled.batches,
            "done": rolled.done,
            "failed": rolled.failed,
            "left": rolled.left,
        },
    }


def _blades(rolled: Rolled) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for outcome in rolled.outcomes:
        for name, blade in outcome.as_dict()["blades"].items():
            before = found.get(name, _NOTHING)
            lists = {key: list(dict.fromkeys([*before[key], *blade[key]])) for key in _LISTS}
            lists["notes"] = [note for note in lists["notes"] if not note.startswith(_OWN_DRAIN)]
            sums = {key: round(before[key] + blade[key], 1) for key in ("modules", "seconds")}
            status = blade["status"] if blade["status"] != "ok" else before["status"]
            found[name] = {**blade, **lists, **sums, "status": status}
    for name in rolled.rebooted:
        found[name]["changed"].append(REBOOTED)
    for name in rolled.same:
        found.setdefault(name, {**_NOTHING, **{key: [] for key in _LISTS}})
    for name, why in rolled.left.items():
        blade = found.setdefault(name, {**_NOTHING, "changed": [], "notes": []})
        blade["left"] = [*blade["left"], why]
    for name, why in rolled.failed.items():
        message, _, step = why.partition("; next: ")
        blade = found.setdefault(name, {**_NOTHING, **{key: [] for key in _LISTS}})
        blade |= {"status": "failed", "failure": {"message": message, "next_step": step, "ours": True}}
    return found
