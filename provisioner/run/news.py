"""Whether a run has something to say to a person who wants to hear of it only then. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.errors import ExitCode
from provisioner.run.outcome import Outcome


def has_news(outcome: Outcome, before: Sequence[Any]) -> bool:
    """Whether something changed, failed, or is noted or left for later that was not before.

    Args:
        before: the records of former runs, the newest first. A note stays until somebody does what it asks for; it is
            news only when the last run that looked at the blade did not say the same.
    """
    if outcome.code is not ExitCode.OK or outcome.changed() or outcome.first_contact:
        return True
    return any({*blade.notes, *blade.left} - _said_before(name, before) for name, blade in outcome.blades.items())


def _said_before(name: str, before: Sequence[Any]) -> set[str]:
    for record in before:
        try:
            if name in record["blades"] and not record["check"]:
                blade = record["blades"][name]
                return {*map(str, blade["notes"]), *map(str, blade.get("left", ()))}
        except (KeyError, TypeError):
            continue
    return set()
