"""What slurmctld says of this node, and what it is told."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess

from .ownership import decide, is_ours

CONF = "/var/lib/slurm/slurmd/conf-cache/slurm.conf"
"""What slurmd has fetched; it is there also while slurmd does not run."""
# Nothing of ours is to be taken back: then slurmctld is not asked.
_WELL = "/run/slurm-health-well"
_LOCK = "/run/slurm-health-tell.lock"
# Seconds for an answer of slurmctld.
_PATIENCE = 10
# `IDLE*+DRAIN`: a sign may stand behind each word.
_STATE = re.compile(r"^ +State=(\S+)", re.MULTILINE)
_SIGN = re.compile(r"[^A-Z_+]")
_REASON = re.compile(r"^ +Reason=(.*?)(?: \[[^\]@\s]*@[\w:-]+\])?$", re.MULTILINE)


def tell(node: str, trouble: str) -> str:
    """Drains the node, or takes back what we did; says why that did not go, '' when it did."""
    with open(os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w") as held:
        # Of two looks one finds the node ill: what that one did is not to be forgotten by the other.
        fcntl.flock(held, fcntl.LOCK_EX)
        return _tell(node, trouble)


def _tell(node: str, trouble: str) -> str:
    if not trouble and os.path.exists(_WELL):
        return ""
    if os.path.exists(_WELL):
        os.unlink(_WELL)
    code, shown = _scontrol("show", "node", node)
    if code != 0:
        return "slurmctld does not answer"
    states, reason = parse(shown)
    words = decide(states, reason, trouble)
    if words:
        code, said = _scontrol("update", f"nodename={node}", *words)
        if code != 0:
            return f"slurmctld does not take {words[0]}: {said.strip()[:200]}"
    # Our drain of a node that is away just now is still to be taken back.
    waits = is_ours(states, reason) and not words
    if not trouble and states and not waits:
        os.close(os.open(_WELL, os.O_WRONLY | os.O_CREAT, 0o600))
    return ""


def parse(shown: str) -> tuple[set[str], str]:
    """States and reason of the node in what `scontrol show node` prints."""
    state, reason = _STATE.search(shown), _REASON.search(shown)
    states = set(_SIGN.sub("", state[1]).split("+")) if state else set()
    return states, reason[1].strip() if reason else ""


def _scontrol(*words: str) -> tuple[int, str]:
    # slurmd has not run yet; without a file scontrol would look for one in the network.
    if not os.path.exists(CONF):
        return 1, ""
    try:
        done = subprocess.run(
            ["scontrol", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            env={**os.environ, "SLURM_CONF": CONF},
        )
    except (subprocess.TimeoutExpired, OSError):
        return 124, ""
    return done.returncode, done.stdout
