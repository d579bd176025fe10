"""Whether a run has something to say to a person who wants to hear of it only then. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.errors import ExitCode
from provisioner.run.outcome import Outcome


def has_news(outcome: Outcome, before: Sequence[Any]) -> bool:
    """Whether something changed, failed, or is noted that was not noted before.

    Args:
        before: the records of former runs, the newest first. A note stays until somebody does what it asks for; it is
            news only when the last run that looked at the blade did not say the same.
    """
    if outcome.code is not ExitCode.OK or outcome.changed() or outcome.first_contact:
        return True
    return any(set(blade.notes) - _notes_before(name, before) for name, blade in outcome.blades.items())


def _notes_before(name: str, before: Sequence[Any]) -> set[str]:
    for record in before:
        try:
            if name in record["blades"] and not record["check"]:
                return set(map(str, record["blades"][name]["notes"]))
        except (KeyError, TypeError):
            continue
    return set()
