"""What becomes of a node that a person takes out of work, or gives back, with `provision`. Pure.

Only what begins with OURS, ROLLING, LOST or UNPROVED is ever reworded or taken back. A drain of an admin, of Slurm, of
the health check or of the folders of jobs stays as it is.
"""

from __future__ import annotations

OURS = "provision: drain: "
# How a rolling run begins the reason of a node that it has out of work; run id and phase follow.
ROLLING = "provision: rolling: "
# How a run begins the reason of a node whose hardware is not as on record; a run that finds it so again ends it.
LOST = "provision: hardware: "
# How a run begins the reason of a node whose installation is new, until a job of ours was proved on it.
UNPROVED = "provision: not proved: "
NEW = "a new installation"
# Characters of what it lost.
_LONGEST = 300
# Slurm 24.11 without accounting keeps a reason when its drain ends, and takes it at a later drain of its own.
_OVER = "provision: was drained: "
# What it adds to the reason of a drained node that it has reboot.
_REBOOTED = " : reboot issued"
# What Slurm 24.11 finds later stands behind the reason that a node has.
_LATER = " : "
# What came of a node. Kept: it takes no jobs for another reason, which stays.
DRAINED, RESUMED, READY, KEPT, MISSING = "drained", "resumed", "ready", "kept", "missing"


def is_ours(node):
    """Whether `provision drain` or a rolling run took it out; the node is as `slurm_nodes.parse_nodes` has it."""
    return "DRAIN" in node["states"] and node["reason"].startswith((OURS, ROLLING))


def is_rolling(node):
    """Whether a rolling run took it out."""
    return "DRAIN" in node["states"] and node["reason"].startswith(ROLLING)


def drain(node, words):
    """What comes of a node that is to be drained, and what each `scontrol update` is told, [] for nothing.

    Args:
        node: None for one that slurmctld does not know.
        words: why, in the words of a person.
    """
    if node is None:
        return MISSING, []
    if "DRAIN" in node["states"] and not is_ours(node):
        return KEPT, []
    reason = OURS + words.replace(_LATER, ": ")
    if "DRAIN" in node["states"]:
        own, bar, later = node["reason"].partition(_LATER)
        return DRAINED, [] if own == reason else [[f"reason={reason}{bar}{later}"]]
    return DRAINED, [["state=drain", f"reason={reason}"]]


def roll(node, words):
    """The same of a node that a rolling run takes out, or goes on with. Any other drain is somebody else's and stays.

    Args:
        words: run id and phase, and what is done.
    """
    if node is None:
        return MISSING, []
    if "DRAIN" not in node["states"]:
        return DRAINED, [["state=drain", f"reason={ROLLING}{words}"]]
    if not is_rolling(node):
        return KEPT, []
    own, bar, later = node["reason"].partition(_LATER)
    reason = ROLLING + words
    return DRAINED, [] if own == reason else [[f"reason={reason}{bar}{later}"]]


def unroll(node):
    """The same of a node that a rolling run is done with."""
    if node is None or is_rolling(node):
        return resume(node)
    if "DRAIN" not in node["states"]:
        # Slurm has ended it with the reboot, and keeps the words.
        ours = node["reason"].startswith(ROLLING)
        return READY, [[f"reason={_OVER}{node['reason'].removeprefix(ROLLING)}"]] if ours else []
    # Somebody else's drain is theirs after a reboot, too, and not Slurm's.
    own, rebooted, _ = node["reason"].rpartition(_REBOOTED)
    return KEPT, [[f"reason={own}"]] if rebooted else []


def resume(node):
    """The same of a node that is to take jobs again."""
    if node is None:
        return MISSING, []
    if "DRAIN" not in node["states"]:
        return READY, []
    if not is_ours(node):
        return KEPT, []
    own, _, later = node["reason"].partition(_REBOOTED)[0].partition(_LATER)
    # What stands behind is Slurm's: the drain is its own by now.
    if later:
        return KEPT, [[f"reason={later}"]]
    # Not `resume`, which would also make a node that is down one that is idle.
    return RESUMED, [["state=undrain"], [f"reason={_OVER}{own.removeprefix(OURS).removeprefix(ROLLING)}"]]


def withhold(node, words):
    """What slurmctld is told of a node that lost hardware, [] for nothing; and whether it took jobs until now.

    Args:
        node: None for one that slurmctld does not know.
        words: what it lost; a node may have written them.
    """
    if node is None:
        return [], False
    reason = LOST + _plain(words)
    if "DRAIN" not in node["states"]:
        return ["state=drain", f"reason={reason}"], True
    own, bar, later = node["reason"].partition(_LATER)
    if not own.startswith(LOST) or own == reason:
        return [], False
    return [f"reason={reason}{bar}{later}"], False


def _plain(words):
    """What a node may have written, as part of a reason."""
    seen = "".join(character if character.isprintable() else "?" for character in words)
    seen = seen.lstrip(": ")
    while _LATER in seen:
        seen = seen.replace(_LATER, ": ")
    return seen[:_LONGEST]


def is_unproved(node):
    """Whether a run took it out until it is proved."""
    return "DRAIN" in node["states"] and node["reason"].startswith(UNPROVED)


def hold(node, words=NEW):
    """What slurmctld is told of a node that is to be proved first, one after the other; any drain of it stays."""
    return [] if node is None or "DRAIN" in node["states"] else [["state=drain", f"reason={UNPROVED}{_plain(words)}"]]


def admit(node):
    """What slurmctld is told, one after the other, of a drained node that may run jobs of a reservation."""
    own = node["reason"].partition(_LATER)[0]
    words = own.removeprefix(UNPROVED).removeprefix(ROLLING)
    return [["state=undrain"], [f"reason={_OVER}{words}"]]


def refuse(node, problem):
    """What slurmctld is told of one that did not pass, as `node` was before."""
    reason = node["reason"] if is_rolling(node) else UNPROVED + _plain(problem)
    return ["state=drain", f"reason={reason}"]


def is_withheld(node):
    """Whether a run took it out for its hardware; Slurm 24.11 adds to a reason, and is its author then."""
    return "DRAIN" in node["states"] and node["reason"].startswith(LOST) and node["by"] in ("root", "slurm")


def over(node):
    """What slurmctld is told, one after the other, of a node whose hardware is as on record again."""
    own = node["reason"].partition(_LATER)[0]
    return [["state=undrain"], [f"reason={_OVER}{own.removeprefix(LOST)}"]]
