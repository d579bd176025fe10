"""Partition lines of slurm.conf and the settings of preemption, from the plan's partitions and the registry. Pure.

A plan without partitions of its own has one per tier, and `all` over every node, the default. Where the plan names
partitions these are all that users have: `all` is there for verification only, whose jobs are those of `nobody`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.slurm.node_gpus import has_gpus
from provisioner.slurm.nodes import NOTHING, Line, Nodes, Planned, default_memory_per_cpu, host_list
from provisioner.slurm.times import DEFAULT_TIME, MOST_TIME, shorter

Preemption = Mapping[str, Any]

# The account that verification has on every Debian is in this group, and no person is.
_OURS = {"Hidden": "YES", "AllowGroups": "nogroup", "OverSubscribe": "NO"}
# With one job on a core Slurm suspends by priority and never takes turns; see preempt.shtml.
_SUSPENDABLE = "FORCE:1"

# What a partition says of accounts and QOS, which only a database has.
_OF_DATABASE = {"QOS", "AllowAccounts", "DenyAccounts", "AllowQos", "DenyQos"}

# slurmctld stops without a partition; this one stands in until the first blade has joined.
PLACEHOLDER_PARTITION: Line = {"PartitionName": "all", "Nodes": "none-yet", "Default": "YES", "State": "UP"}


def partition_lines(
    partitions: Iterable[Mapping[str, Any]],
    nodes: Nodes,
    planned: Mapping[str, Planned] = NOTHING,
    preemption: Preemption = NOTHING,
    default_time: str = DEFAULT_TIME,
) -> list[Line]:
    """`all` over every node, and those of the partitions that have nodes.

    Args:
        partitions: in the order of the plan, each `{"name", "max_time", "priority_tier"}` and, where the plan says it,
            `"default_time"`. Its nodes are those of a `"tier"`, or the list `"nodes"`; in that case `"keys"` has more
            keys of its line, and `"gpus"` leaves it the nodes with GPUs, or without (false), alone.
        nodes: the registry's records by node name.
        planned: see `node_line`, by node name.
        preemption: `{"by": "partition", "mode": "requeue"}`, see `preemption_settings`.
        default_time: DefaultTime where a partition says none.
    """
    if not nodes:
        return [PLACEHOLDER_PARTITION]
    given = list(partitions)
    shared: Line = {"OverSubscribe": _SUSPENDABLE} if is_suspending(given, preemption) else {}
    chosen = [(partition, _its_nodes(partition, nodes)) for partition in (_everything(given, preemption), *given)]
    return [
        _line(partition, its, planned, default_time) | shared | partition.get("keys", {})
        for partition, its in chosen
        if its
    ]


def nameless(partitions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The partitions without the accounts and QOS that they name, as long as the database cannot have these.

    Where a partition names a QOS that is not there, slurmctld does not start, or 24.11.5 crashes at a job in it.
    """
    return [
        {**partition, "keys": {key: value for key, value in partition["keys"].items() if key not in _OF_DATABASE}}
        if "keys" in partition
        else {**partition}
        for partition in partitions
    ]


def _everything(given: list[Mapping[str, Any]], preemption: Preemption) -> dict[str, Any]:
    """The partition of every node: users' default, or that of verification alone, which is above nobody."""
    if not any("nodes" in partition for partition in given):
        return {"name": "all", "max_time": MOST_TIME, "priority_tier": 1, "keys": {"Default": "YES"}}
    left_alone = {"PreemptMode": "OFF"} if preemption.get("by") == "partition" else {}
    tier = min(int(partition["priority_tier"]) for partition in given)
    return {"name": "all", "max_time": MOST_TIME, "priority_tier": tier, "keys": {**_OURS, **left_alone}}


def _its_nodes(partition: Mapping[str, Any], nodes: Nodes) -> Nodes:
    if "nodes" in partition:
        its = {name: nodes[name] for name in partition["nodes"] if name in nodes}
        wanted = partition.get("gpus")
        return {name: node for name, node in its.items() if wanted is None or wanted == has_gpus(node)}
    return {name: node for name, node in nodes.items() if partition.get("tier", node["tier"]) == node["tier"]}


def _line(partition: Mapping[str, Any], nodes: Nodes, planned: Mapping[str, Planned], default_time: str) -> Line:
    longest = partition["max_time"]
    return {
        "PartitionName": partition["name"],
        "Nodes": host_list(nodes),
        "MaxTime": longest,
        "DefaultTime": partition.get("default_time") or shorter(default_time, longest),
        "PriorityTier": partition["priority_tier"],
        "DefMemPerCPU": default_memory_per_cpu(nodes.values(), [planned.get(node, NOTHING) for node in nodes]),
        "State": "UP",
    }


def is_suspending(partitions: Iterable[Mapping[str, Any]], preemption: Preemption) -> bool:
    """Whether jobs of any partition may be suspended for others."""
    if preemption.get("by") != "partition":
        return False
    modes = {partition.get("keys", {}).get("PreemptMode") for partition in partitions}
    return "SUSPEND" in {preemption["mode"].upper(), *modes}


def preemption_settings(preemption: Preemption, partitions: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """The keys of slurm.conf that let some jobs take the place of others; none without preemption.

    Args:
        preemption: `{"by": "partition" or "qos", "mode": "requeue", "cancel" or "suspend"}`, and `"exempt_time"`, for
            which a job is left alone at first; {} for none.
        partitions: see `partition_lines`; where one suspends, Slurm wants GANG for the cluster, which wakes the jobs.
    """
    if not preemption:
        return {}
    kind = {"partition": "preempt/partition_prio", "qos": "preempt/qos"}[preemption["by"]]
    gang = ",GANG" if is_suspending(partitions, preemption) else ""
    exempt = {"PreemptExemptTime": preemption["exempt_time"]} if preemption.get("exempt_time") else {}
    return {"PreemptType": kind, "PreemptMode": preemption["mode"].upper() + gang, **exempt}
