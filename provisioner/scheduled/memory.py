"""What is remembered of the scheduled runs of a plan: a private file.

By the plan's path and not by its cluster, since a plan that cannot be read names none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from provisioner.paths import state_home
from provisioner.private import write_private
from provisioner.scheduled.streak import Streak, read_streak
from provisioner.scheduled.units import plan_id

_LARGEST = 1_000_000


@dataclass
class Memory:
    """What is remembered.

    Args:
        streak: failures in a row.
        last: the last run that came to an end: `run`, `at`, `exit_code`, `meaning`, `error`, `failed` (words by blade),
            `left` (lines by blade), `seconds` and `invocation`, by which systemd names it.
        notify: what the plan said of who hears of it, when it last could be read.
        trouble: why the last try to tell somebody went wrong, '' where it did not.
    """

    streak: Streak = field(default_factory=Streak)
    last: dict[str, Any] = field(default_factory=dict)
    notify: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "streak": self.streak.as_dict(),
            "last": self.last,
            "notify": self.notify,
            "trouble": self.trouble,
        }


def memory_file(plan: Path) -> Path:
    """Where it is; `plan` is an absolute path."""
    return state_home() / ".scheduled" / f"{plan_id(plan)}.json"


def recall(plan: Path) -> Memory:
    """What is remembered of a plan; a file that is none of ours counts as nothing."""
    try:
        with memory_file(plan).open() as file:
            data: Any = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return Memory()
    if not isinstance(data, Mapping):
        return Memory()
    trouble = data.get("trouble")
    return Memory(
        read_streak(data.get("streak")),
        _mapping(data.get("last")),
        _mapping(data.get("notify")),
        trouble if isinstance(trouble, str) else "",
    )


@contextmanager
def changed(plan: Path) -> Iterator[Memory]:
    """What is remembered, for a change; nobody else changes it meanwhile. Written when all went well."""
    file = memory_file(plan)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock"), timeout=60):
        memory = recall(plan)
        yield memory
        write_private(file, json.dumps(memory.as_dict(), indent=2) + "\n")


def invocation() -> str:
    """How systemd names what runs here, '' where it did not start it."""
    return os.environ.get("INVOCATION_ID", "")[:64]


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}
