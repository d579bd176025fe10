"""Whose a drain is, and whether Slurm's own is still needed.

Slurm drains a node for what it lacks and never takes that back. An admin's drain is not ours to clear, and neither is
one whose author nobody can tell.
"""

from __future__ import annotations

import re

from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_nodes import ANSWER, parse_nodes

# What slurmctld finds wrong with a registration, in its own words (validate_node_specs); several are joined.
_LACK = (
    r"(?:Low socket\*core\*thread count|Low CPUs|Low TmpDisk|CoreSpec differ"
    r"|Low RealMemory(?: \(reported:\d+ < [\d.]+% of configured:\d+\))?"
    r"|gres/\S+ count (?:reported lower than configured|too low) \(\d+ < \d+\))"
)
LACKS = re.compile(f"{_LACK}(?:, {_LACK})*")
SILENT = "Not responding"
SPOOL_FULL = "SlurmdSpoolDir is full"
# Free space (MiB) below which slurmd's folder counts as full.
ROOM = 64
# How Slurm begins the reasons that it gives itself.
SLURM_SAYS = re.compile(
    r"(Low (RealMemory|TmpDisk|CPUs|socket)|Kill task failed|(Prolog|Epilog) error|gres/|Duplicate jobid"
    rf"|{SPOOL_FULL}$)"
)


def mended(name, node, before, room):
    """Whether Slurm itself took the node out, for a cause that is gone.

    slurmctld checks every registration: a node that is not INVALID_REG has what it lacked, and one that lacks it
    again is drained again. What is not proved by that, such as a job that could not be killed, stays.

    Args:
        node: as `parse_nodes` has it.
        before: the nodes before slurmctld was told of another configuration, which on 22.05 makes root the author
            of every reason.
        room: MiB that are free where slurmd works, by node.
    """
    states, reason = node["states"], node["reason"]
    if node["silent"] or not node["version"] or "INVALID_REG" in states or not states & {"DRAIN", "DOWN"}:
        return False
    if reason == SPOOL_FULL:
        # slurmd says this of its own node, and it is root.
        return "DRAIN" in states and node["by"] in ("root", "slurm") and room.get(name, 0) >= ROOM
    was = before.get(name, {})
    ours = node["by"] == "slurm" or (was.get("by"), was.get("reason"), was.get("since")) == (
        "slurm",
        reason,
        node["since"],
    )
    if "DOWN" in states and reason != SILENT:
        return False
    return ours and (reason == SILENT or LACKS.fullmatch(reason) is not None)


def clear(names, nodes, before_text, room):
    """Takes back Slurm's drains whose causes are gone: `{name: reason}` of those that it took back."""
    before, _ = parse_nodes(before_text)
    cleared = {}
    for name in names:
        node = nodes.get(name)
        if node is None or not mended(name, node, before, room):
            continue
        code, _, _ = run("scontrol", "update", f"nodename={name}", "state=resume", limit=ANSWER)
        if code == 0:
            cleared[name] = node["reason"]
    return cleared
