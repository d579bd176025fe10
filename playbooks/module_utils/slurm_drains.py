"""Whose a drain is, and whether Slurm's own is still needed.

Slurm drains a node for what it lacks and never takes that back. An admin's drain is not ours to clear, and neither is
one whose author nobody can tell.
"""

from __future__ import annotations

import re

from ansible.module_utils.drain_owner import (
    LOST,
    OURS,
    ROLLING,
    UNPROVED,
    is_ours,
    is_rolling,
    is_unproved,
    is_withheld,
    over,
)
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_nodes import ANSWER, parse_nodes

# What slurmctld finds wrong with a registration, in its own words (validate_node_specs); several are joined.
_LACK = (
    r"(?:Low socket\*core\*thread count|Low CPUs|Low TmpDisk|CoreSpec differ|Could not unpack gres data"
    r"|Low RealMemory(?: \(reported:\d+ < [\d.]+% of configured:\d+\))?"
    r"|gres/\S+ count (?:reported lower than configured|too low) \(\d+ < \d+\)"
    r"|gres/\S+ count changed and jobs are using them \(\d+ != \d+\)"
    # 24.11, where all GPUs of a node are withheld since one is dead.
    r"|gres/\S+ type \(\S+\) reported but not configured)"
)
LACKS = re.compile(f"{_LACK}(?:, {_LACK})*")
SILENT = "Not responding"
SPOOL_FULL = "SlurmdSpoolDir is full"
# How a node begins its reason that drained itself, and takes that back by itself: without a place for the folders of
# jobs (role jobtmp), and ill (role health).
ITSELF = "provision: job-tmp: "
ILL = "provision: health: "
# How what a run says of another board begins (provisioner.slurm.parts).
OTHER_BOARD = "another board: "
# 24.11 adds what it finds later to the reason that a node has.
AND_LATER = " : "
# Free space (MiB) below which slurmd's folder counts as full.
ROOM = 64
# Reasons that Slurm gives itself (22.05 and 24.11), whole or by how they begin: slurmctld, and slurmd and slurmstepd,
# which are root.
_WHOLE = (
    "CoreSpec differ", "Could not unpack gres data", "Prolog/Epilog failure", "Job env setup error",
    "batch job complete failure", "Bad core count", "switch_g_job_postfini failed", "Cannot collect energy data.",
    "Node unexpectedly rebooted", "NO NETWORK ADDRESS FOUND", "ResumeTimeout reached", "reboot timed out",
    SILENT, SPOOL_FULL,
)  # fmt: skip
SLURM_SAYS = re.compile(
    r"(?:Low (?:RealMemory|TmpDisk|CPUs|socket)|Kill task failed|(?:Prolog|Epilog) error|gres/|Duplicate jobid"
    r"|RestrictedCoresPerGPU|Reported active features \(|Failed to set node feature\(s\): "
    rf"|(?:{'|'.join(map(re.escape, _WHOLE))})(?:$|{AND_LATER}))"
)


def mended(name, node, before, room, whole=()):
    """Whether Slurm itself took the node out, for causes that are all gone.

    slurmctld checks every registration: a node that is not INVALID_REG has what it lacked, and one that lacks it
    again is drained again. What is not proved by that, such as a job that could not be killed, stays.

    Args:
        node: as `parse_nodes` has it.
        before: the nodes before slurmctld was told of another configuration, which on 22.05 makes root the author
            of every reason.
        room: MiB that are free where slurmd works, by node.
        whole: nodes whose hardware this run found as on record.
    """
    states, reason = node["states"], node["reason"]
    if node["silent"] or not node["version"] or "INVALID_REG" in states or not states & {"DRAIN", "DOWN"}:
        return False
    causes = reason.split(AND_LATER)
    ours = is_withheld(node) and name in whole
    if ours:
        causes = causes[1:]
    if not all(cause in (SILENT, SPOOL_FULL) or LACKS.fullmatch(cause) for cause in causes):
        return False
    if "DOWN" in states and reason != SILENT:
        return False
    if SPOOL_FULL in causes and room.get(name, 0) < ROOM:
        return False
    was = before.get(name, {})
    known = (was.get("by"), was.get("reason"), was.get("since")) == ("slurm", reason, node["since"])
    return node["by"] == "slurm" or known or is_spool_full(node) or ours


def is_spool_full(node):
    """Whether slurmd drained its own node since it had no room to work in; slurmd is root."""
    return node["by"] in ("root", "slurm") and node["reason"].split(AND_LATER)[0] == SPOOL_FULL


def by_itself(node):
    """Why a node that drained itself takes no jobs, '' for any other."""
    if "DRAIN" in node["states"] and node["reason"].startswith(ITSELF) and node["by"] == "root":
        return f"it takes no jobs by itself: {node['reason'].removeprefix(ITSELF)}"
    # Slurm 24.11 adds to a reason, and is its author then.
    if "DRAIN" in node["states"] and node["reason"].startswith(ILL) and node["by"] in ("root", "slurm"):
        return f"its health check lets it take no jobs: {node['reason'].removeprefix(ILL)}"
    return ""


# Who lets a node take no jobs. Unclear is one whose author nobody can tell: an admin may use Slurm's words, and slurmd
# itself is root.
FOLDERS, HEALTH, FULL, HARDWARE, SLURM, UNCLEAR, PROVISION, ADMIN, ROLLED, NEW = (
    "job folders", "health check", "full disk", "hardware", "slurm", "unclear", "provision drain", "admin",
    "rolling run", "not proved",
)  # fmt: skip


def owner(node):
    """Who drained the node, as `parse_nodes` has it; '' for one that is not drained."""
    reason = node["reason"]
    if "DRAIN" not in node["states"]:
        return ""
    if by_itself(node):
        return FOLDERS if reason.startswith(ITSELF) else HEALTH
    if is_spool_full(node):
        return FULL
    if is_withheld(node):
        return HARDWARE
    # Slurm 24.11 adds to a reason, and is its author then.
    if is_rolling(node):
        return ROLLED
    if is_unproved(node):
        return NEW
    if node["by"] == "slurm":
        return SLURM
    if SLURM_SAYS.match(reason):
        return UNCLEAR
    return PROVISION if is_ours(node) else ADMIN


def left(name, node, room, resume):
    """The problems and the notes of a drained node that stays so.

    Args:
        node: as `parse_nodes` has it.
        room: MiB that are free where slurmd works; None where nobody looked.
        resume: the words of how a person ends the drain.
    """
    reason, whose = node["reason"], owner(node)
    if whose in (FOLDERS, HEALTH):
        return [by_itself(node)], []
    if whose == FULL:
        there = "" if room is None else f": {room} MiB are free"
        return [f"its disk is full where slurmd works{there} (Slurm itself drained it: {reason})"], []
    if whose == SLURM:
        return [f"Slurm itself drained it ({reason}); once that is mended, {resume}"], []
    if whose == UNCLEAR:
        return [f"Slurm itself or an admin drained it ({reason}), so it is left; {resume}"], []
    if whose == HARDWARE:
        words, how = reason.removeprefix(LOST), f"next: `provision slurm --nodes {name}` once it is mended"
        if words.startswith(OTHER_BOARD):
            how = f"next: `provision replace {name}`"
        return [], [f"a run drained it since it lost hardware ({words}); {how}"]
    if whose == ROLLED:
        words = reason.removeprefix(ROLLING)
        step = f"that run gives it back, or finish it with `provision slurm --rolling --nodes {name}`"
        return [], [f"a rolling run has it out of work ({words}), left so; {step}"]
    if whose == NEW:
        words = reason.removeprefix(UNPROVED)
        return [], [f"it takes no jobs until a run has proved it ({words}); next: `provision slurm --nodes {name}`"]
    if whose == PROVISION:
        words = reason.removeprefix(OURS)
        return [], [f"drained by `provision drain` ({words}), left so; give it back with `provision resume {name}`"]
    return [], [f"drained ({reason}), left so; {resume}"]


def clear(names, nodes, before_text, room, whole=()):
    """Takes back Slurm's drains whose causes are gone, and ours for hardware: `{name: reason}` of those that are over.

    Args:
        whole: see `mended`.
    """
    before, _ = parse_nodes(before_text)
    cleared = {}
    for name in names:
        node = nodes.get(name)
        if node is None or not mended(name, node, before, room, whole):
            continue
        updates = over(node) if is_withheld(node) else [["state=resume"]]
        codes = [run("scontrol", "update", f"nodename={name}", *update, limit=ANSWER)[0] for update in updates]
        if codes[0] == 0:
            cleared[name] = node["reason"]
    return cleared
