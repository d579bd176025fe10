"""Node and partition lines of slurm.conf, from the registry's records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ClusterShell.NodeSet import NodeSet

from provisioner.slurm.hardware import Hardware, cpu_feature

Line = dict[str, str | int]

# slurmctld stops without a node and without a partition; these stand in until the first blade has joined.
PLACEHOLDER_NODE: Line = {
    "NodeName": "none-yet",
    "NodeAddr": "127.0.0.1",
    "State": "DOWN",
    "Reason": "placeholder",
}
PLACEHOLDER_PARTITION: Line = {"PartitionName": "all", "Nodes": "none-yet", "Default": "YES", "State": "UP"}


def real_memory(memory_mib: int) -> int:
    """RealMemory to promise to Slurm, in MiB: 2 % below the measured value, in steps of 16 MiB.

    A node that reports less than it promised is drained, and what slurmd measures moves by some MiB
    between kernels; slurmctld's node_reg_mem_percent is the second line of defence.
    """
    return max(1, int(memory_mib * 0.98) // 16 * 16)


def system_memory(memory_mib: int) -> int:
    """MemSpecLimit in MiB, kept from jobs for the system and slurmd: 1/16, within 256 and 1024."""
    return min(max(256, memory_mib // 16), 1024)


def node_line(name: str, record: Mapping[str, Any]) -> Line:
    """One node as ordered slurm.conf keys; NodeAddr is always an IP address.

    An unresolvable NodeAddr stalls slurmctld's start by 10 s per node on Debian.
    """
    hardware = Hardware.from_dict(record["hardware"])
    features = [record["tier"], f"bay{record['bay']}", cpu_feature(record.get("cpu_model", ""))]
    line: Line = {
        "NodeName": name,
        "NodeAddr": record["address"],
        "CPUs": hardware.cpus,
        "Boards": hardware.boards,
        "SocketsPerBoard": hardware.sockets_per_board,
        "CoresPerSocket": hardware.cores_per_socket,
        "ThreadsPerCore": hardware.threads_per_core,
        "RealMemory": real_memory(hardware.memory_mib),
        "MemSpecLimit": system_memory(hardware.memory_mib),
    }
    if hardware.scratch_mib:
        # Registration demands at least TmpDisk; a filesystem may shrink by metadata of a mkfs release.
        line["TmpDisk"] = int(hardware.scratch_mib * 0.98)
    line["Features"] = ",".join(feature for feature in features if feature)
    return line


def default_memory_per_cpu(records: Iterable[Mapping[str, Any]]) -> int:
    """DefMemPerCPU in MiB that fits the leanest of these nodes when all its CPUs are taken.

    Without it a job that names no memory takes the whole node's.
    """
    shares = []
    for record in records:
        hardware = Hardware.from_dict(record["hardware"])
        usable = real_memory(hardware.memory_mib) - system_memory(hardware.memory_mib)
        shares.append(usable // hardware.cpus)
    return max(1, min(shares, default=1))


def partition_lines(partitions: Iterable[Mapping[str, Any]], nodes: Mapping[str, Mapping[str, Any]]) -> list[Line]:
    """The partitions that have nodes: one per tier, and `all`, the default, over every node.

    Args:
        partitions: `{"name", "tier", "max_time", "priority_tier"}` in the order of the plan.
        nodes: the registry's records by node name.
    """
    if not nodes:
        return [PLACEHOLDER_PARTITION]
    lines = [_partition("all", nodes, "7-00:00:00", 1) | {"Default": "YES"}]
    for partition in partitions:
        its = {name: node for name, node in nodes.items() if node["tier"] == partition["tier"]}
        if its:
            priority = partition["priority_tier"]
            lines.append(_partition(partition["name"], its, partition["max_time"], priority))
    return lines


def _partition(name: str, nodes: Mapping[str, Mapping[str, Any]], max_time: str, priority: int) -> Line:
    return {
        "PartitionName": name,
        "Nodes": str(NodeSet.fromlist(list(nodes))),
        "MaxTime": max_time,
        "PriorityTier": priority,
        "DefMemPerCPU": default_memory_per_cpu(nodes.values()),
        "State": "UP",
    }
