"""Whose a drain is, and what ends it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.console_text import their_words
from provisioner.explain.evidence import Evidence
from provisioner.explain.words import Cause
from provisioner.slurm.parts import OTHER_BOARD
from provisioner.slurm.verdict import cause as known_cause

WHOSE = {
    "admin": "an admin",
    "provision drain": "`provision drain`",
    "rolling run": "a rolling run",
    "not proved": "a run, until it is proved",
    "slurm": "Slurm itself",
    "unclear": "Slurm itself or an admin",
    "health check": "its health check",
    "job folders": "the node itself, for the folders of jobs",
    "full disk": "slurmd, since its disk is full",
    "hardware": "a run, since it lost hardware",
}
"""Who drained a node, by what the controller calls it."""
# Reasons that Slurm gives, and what they mean for a person.
_MEANS = {
    "Kill task failed": "a job's process could not be killed; look for processes in state D on it",
    "Prolog error": "a prolog failed there; slurmd's log has its words",
    "Epilog error": "an epilog failed there; slurmd's log has its words",
    "batch job complete failure": "slurmd could not end a job; slurmd's log has its words",
    "Node unexpectedly rebooted": "it rebooted by itself; look at its console log and `last -x`",
    "Low RealMemory": "it has less memory than on record; look for a broken DIMM",
    "Low TmpDisk": "its scratch is missing or smaller than on record; look at it with `provision disks`",
    "Low socket*core*thread count": "it has fewer CPUs than on record",
    "Low CPUs": "it has fewer CPUs than on record",
    "gres/": "it has fewer GPUs than on record",
    "Not responding": "it was away for a while",
}


def drain_cause(found: Evidence) -> Iterator[Cause]:
    """Why Slurm gives it no jobs, where somebody said so."""
    seen = found.seen
    if not seen or not seen["owner"]:
        return
    reason = their_words(seen["reason"], 300)
    key = f"drained by {seen['owner']}"
    if seen["owner"] in ("health check", "job folders", "full disk"):
        message, _, step = known_cause(seen["drain"], "", "", found.blade).partition("; next: ")
        yield Cause(key, message, step)
        return
    by = f" ({their_words(seen['by'], 40)})" if seen["owner"] == "admin" and seen["by"] else ""
    since = f" since {their_words(seen['since'], 40)}" if seen["since"] else ""
    message = f"{WHOSE.get(seen['owner'], 'somebody')}{by} lets it take no jobs{since}: {reason or 'no reason given'}"
    yield Cause(key, message, _ends(found, reason))


def _ends(found: Evidence, reason: str) -> str:
    by_hand = f"`scontrol update nodename={found.node} state=resume` on {found.controller}"
    owner = found.seen["owner"]
    if owner == "provision drain":
        return f"`provision resume {found.blade}` once the work is done"
    if owner == "rolling run":
        return f"that run gives it back; if it is over, `provision slurm --rolling --nodes {found.blade}` finishes it"
    if owner == "not proved":
        return f"`provision slurm --nodes {found.blade}` proves it, and lets it take jobs"
    if owner == "hardware":
        if OTHER_BOARD in reason:
            return f"`provision replace {found.blade}`"
        run = f"provision slurm --nodes {found.blade}"
        return f"`{run}` once it is mended; if it is to stay so, `{run} --accept-hardware {found.blade}`"
    if owner == "admin":
        return f"ask that admin; {by_hand} ends it"
    means = next((words for start, words in _MEANS.items() if reason.startswith(start)), "mend what the reason says")
    run = f"`provision slurm --nodes {found.blade}` takes it back where the cause is proved gone"
    return f"{means}; {run}, else {by_hand}"
