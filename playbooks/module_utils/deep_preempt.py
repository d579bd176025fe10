"""Preemption by partition: a job of a low partition makes way for one of a high partition.

Nobody else is touched: the low job is ours and has all of an idle node, and the high job goes to that node only.
"""

from __future__ import annotations

from ansible.module_utils.deep_jobs import Busy, Failed, NotTried
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_table import table

# A partition may give its jobs time to end. A step is told at once, so the job is over before that.
LOW = "exec srun --mpi=none --mem=32M sleep 100"
_FIELDS = (("PartitionName", 255), ("PriorityTier", 12), ("PreemptMode", 20), ("Available", 12))


def preempted(asker):
    """What became of the low job."""
    kind = asker.config.get("PreemptType")
    if not kind:
        raise NotTried("preemption is not configured")
    if kind != "preempt/partition_prio":
        raise NotTried(f"{kind}: only preemption by partition is tried")
    if asker.node not in asker.free:
        raise NotTried("nodes are busy")
    low, high = _partitions(asker.node)
    first = _submitted(asker, low, LOW, "--requeue")
    asker.watch(first, lambda row: row["state"] == "RUNNING")
    second = _submitted(asker, high, "true")
    try:
        asker.completed(second)
    except Busy as waits:
        raise Failed(f"a job of partition {high} waits for one of {low}", asker.shown(second)) from waits
    became = asker.states(asker.rows(first))
    run("scancel", first)
    return f"job {first} of partition {low} became {became}, job {second} of {high} ran"


def _partitions(node):
    """The lowest partition of a node whose jobs make way, and the highest."""
    rows = [row for row in table("sinfo", _FIELDS, "--Node", f"--nodes={node}") if row[3] == "up" and row[1].isdigit()]
    ordered = sorted(rows, key=lambda row: (int(row[1]), row[0]))
    low = [row for row in ordered if row[2].upper() != "OFF"]
    if not low or int(ordered[-1][1]) <= int(low[0][1]):
        raise NotTried(f"no partition of {node} takes precedence over another")
    return low[0][0], ordered[-1][0]


def _submitted(asker, partition, *more):
    try:
        return asker.submit(*more, f"--partition={partition}", "--exclusive")
    except Failed as refused:
        raise NotTried(f"{asker.account} may not use partition {partition}") from refused
