"""Whose a drain is, and what may be done about it. Pure.

Only what begins with OURS is ever reworded or taken back. A drain of an admin, of Slurm or of the folders of jobs
stays as it is; where the node is still ill once that is over, the next check drains it. Nothing is done about a node
that takes no jobs anyway, for a reason that a drain would hide or its end would undo: DOWN, powered off, about to boot.
"""

from __future__ import annotations

from collections.abc import Collection

OURS = "provision: health: "
AWAY = frozenset(
    {
        "DOWN", "ERROR", "FAIL", "FUTURE", "INVAL", "INVALID_REG", "MAINTENANCE", "POWERED_DOWN", "POWERING_DOWN",
        "POWERING_UP", "POWER_DOWN", "POWER_UP", "REBOOT", "REBOOT_ISSUED", "REBOOT_REQUESTED", "UNKNOWN",
    }
)  # fmt: skip
"""States in which a node is left alone."""
# What Slurm 24.11 finds later stands behind it in a reason.
_LATER = " : "
# What a person had noted of the node before it was drained.
_NOTED = " (noted before: "
# Characters of a cause and of a note.
_LONGEST = 300


def decide(states: Collection[str], reason: str, author: str, trouble: str) -> list[list[str]]:
    """What `scontrol update` is told, in this order: `["state=drain", "reason=..."]`.

    Args:
        states: the node's, as `scontrol show node` has them; none where slurmctld did not say.
        reason: the reason that the node has, '' for none.
        author: who gave it.
        trouble: what speaks against jobs on it, '' for nothing.
    """
    if not states or AWAY & set(states):
        return []
    drained, ours = "DRAIN" in states, reason.startswith(OURS)
    if trouble and not drained:
        # Slurm keeps its own words of what is over.
        note = "" if ours or author == "slurm" else reason
        return [["state=drain", f"reason={_worded(trouble, note)}"]]
    if not (drained and ours):
        return []
    own, _, later = reason.partition(_LATER)
    cause, _, note = own.removeprefix(OURS).partition(_NOTED)
    note = note.removesuffix(")")
    if trouble:
        return [] if later or cause == _plain(trouble) else [[f"reason={_worded(trouble, note)}"]]
    if later:
        # It is Slurm's drain by now.
        return [[f"reason={later}"]]
    return [["state=undrain"], *([[f"reason={note}"]] if note else [])]


def _worded(trouble: str, note: str) -> str:
    return f"{OURS}{_plain(trouble)}" + (f"{_NOTED}{_plain(note)})" if note else "")


def _plain(words: str) -> str:
    return words.replace(_LATER, ": ")[:_LONGEST]
