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
# Slurm 24.11 without accounting keeps a reason when its drain ends, and at the next drain of its own in place of its
# words: ours would be taken for a drain of ours then.
_OVER = "provision: was ill: "
# What Slurm 24.11 finds later stands behind it in a reason.
_LATER = " : "
# Characters of a cause.
_LONGEST = 300


def is_ours(states: Collection[str], reason: str) -> bool:
    """Whether the node is drained, and by us."""
    return "DRAIN" in states and reason.startswith(OURS)


def decide(states: Collection[str], reason: str, trouble: str) -> list[str]:
    """What `scontrol update` is told: `["state=drain", "reason=..."]`; nothing for [].

    Args:
        states: the node's, as `scontrol show node` has them; none where slurmctld did not say.
        reason: the reason that the node has, '' for none.
        trouble: what speaks against jobs on it, '' for nothing.
    """
    if not states or AWAY & set(states):
        return []
    wanted = OURS + trouble.replace(_LATER, ": ")[:_LONGEST]
    if "DRAIN" not in states:
        return ["state=drain", f"reason={wanted}"] if trouble else []
    if not is_ours(states, reason):
        return []
    own, _, later = reason.partition(_LATER)
    if trouble:
        return [] if later or own == wanted else [f"reason={wanted}"]
    # What stands behind is Slurm's: then the drain is its own by now.
    return [f"reason={later}"] if later else ["state=undrain", f"reason={_OVER}{own.removeprefix(OURS)}"]
