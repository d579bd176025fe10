"""Node lines of slurm.conf, from the registry's records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from ClusterShell.NodeSet import NodeSet

from provisioner.slurm.database import database_memory_mib
from provisioner.slurm.hardware import Hardware, cpu_feature

Line = dict[str, str | int]
Planned = Mapping[str, str | int]
Nodes = Mapping[str, Mapping[str, Any]]
NOTHING: Mapping[str, Any] = MappingProxyType({})

# A name whose end Slurm counts with; longer numbers are more than it keeps in a range.
_COUNTED = re.compile(r"(?<![0-9])[0-9]{1,7}$")

# slurmctld stops without a node; this one stands in until the first blade has joined.
PLACEHOLDER_NODE: Line = {
    "NodeName": "none-yet",
    "NodeAddr": "127.0.0.1",
    "State": "DOWN",
    "Reason": "placeholder",
}


def real_memory(memory_mib: int) -> int:
    """RealMemory to promise to Slurm, in MiB: 2 % below the measured value, in steps of 16 MiB.

    A node that reports less than it promised is drained, and what slurmd measures moves by some MiB
    between kernels; slurmctld's node_reg_mem_percent is the second line of defence.
    """
    return max(1, int(memory_mib * 0.98) // 16 * 16)


def system_memory(memory_mib: int) -> int:
    """MemSpecLimit in MiB, kept from jobs for the system and slurmd: 1/16, within 256 and 1024."""
    return min(max(256, memory_mib // 16), 1024)


def node_line(name: str, record: Mapping[str, Any], planned: Planned = NOTHING) -> Line:
    """One node as ordered slurm.conf keys; NodeAddr is always an IP address.

    An unresolvable NodeAddr stalls slurmctld's start by 10 s per node on Debian.

    Args:
        name: its NodeName.
        record: its record in the registry.
        planned: what the plan says of its line: `{"Features": "ib,nvme", "Weight": 10, "CoreSpecCount": 1, ...}`.
    """
    hardware = Hardware.from_dict(record["hardware"])
    bay = f"bay{record['bay']}" if "bay" in record else ""
    named = str(planned.get("Features", "")).split(",")
    features = [record["tier"], bay, cpu_feature(record.get("cpu_model", "")), *named]
    line: Line = {
        "NodeName": name,
        "NodeAddr": record["address"],
        "CPUs": hardware.cpus,
        "Boards": hardware.boards,
        "SocketsPerBoard": hardware.sockets_per_board,
        "CoresPerSocket": hardware.cores_per_socket,
        "ThreadsPerCore": hardware.threads_per_core,
        "RealMemory": real_memory(hardware.memory_mib),
        "MemSpecLimit": _kept_memory(hardware, planned),
    }
    if hardware.scratch_mib:
        # Registration demands at least TmpDisk; a filesystem may shrink by metadata of a mkfs release.
        line["TmpDisk"] = int(hardware.scratch_mib * 0.98)
    line["Features"] = ",".join(dict.fromkeys(feature for feature in features if feature))
    return line | {key: value for key, value in planned.items() if key != "Features"}


def with_database(planned: Mapping[str, Planned], nodes: Nodes, name: str) -> Mapping[str, Planned]:
    """What the plan says of the nodes' lines, where a node that runs the database keeps memory for it from jobs.

    A MemSpecLimit of the plan stays.

    Args:
        planned: see `node_line`, by node name.
        nodes: the registry's records by node name.
        name: the node that runs the database; it need not be a compute node.
    """
    if name not in nodes:
        return planned
    memory = Hardware.from_dict(nodes[name]["hardware"]).memory_mib
    # Of a tiny node jobs keep a quarter.
    kept = {"MemSpecLimit": min(system_memory(memory) + database_memory_mib(memory), real_memory(memory) * 3 // 4)}
    return {**planned, name: kept | dict(planned.get(name, NOTHING))}


def _kept_memory(hardware: Hardware, planned: Planned) -> int:
    """MemSpecLimit in MiB."""
    return int(planned.get("MemSpecLimit", system_memory(hardware.memory_mib)))


def default_memory_per_cpu(records: Iterable[Mapping[str, Any]], planned: Iterable[Planned] = ()) -> int:
    """DefMemPerCPU in MiB that fits the leanest of these nodes when all its CPUs are taken.

    Without it a job that names no memory takes the whole node's. `planned` goes with the records, one for one.
    """
    shares = []
    for record, its in zip_longest(records, planned, fillvalue=NOTHING):
        hardware = Hardware.from_dict(record["hardware"])
        usable = real_memory(hardware.memory_mib) - _kept_memory(hardware, its)
        shares.append(usable // hardware.cpus)
    return max(1, min(shares, default=1))


def host_list(names: Iterable[str]) -> str:
    """Node names as Slurm reads them: `gpu-a-[01-04],node[001-040]`.

    Slurm takes brackets at the end of a name only: `gpu1-a,gpu2-a` stay two names.
    """
    counted: list[str] = []
    others: list[str] = []
    for name in sorted(names):
        (counted if _COUNTED.search(name) else others).append(name)
    nodes = NodeSet(fold_axis=[-1])
    nodes.updaten(counted)
    return ",".join([*others, *filter(None, [str(nodes)])])
