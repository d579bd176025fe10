"""What slurmctld says of nodes and jobs, read from scontrol and squeue (their JSON changes every release)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from ClusterShell.NodeSet import NodeSet


@dataclass(frozen=True)
class NodeStatus:
    """One node as slurmctld sees it; memory in MiB, jobs by id."""

    state: str
    reason: str
    cpus: int
    cpus_used: int
    memory_mib: int
    version: str
    jobs: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class ClusterStatus:
    """The controller's answer and its nodes by name."""

    up: bool
    nodes: dict[str, NodeStatus]
    pending: int


def parse_status(text: str) -> ClusterStatus:
    """Reads the joined output of `scontrol ping`, `scontrol -o show nodes` and our squeue format."""
    jobs: dict[str, list[int]] = {}
    pending = 0
    for number, state, place in re.findall(r"^JOB (\d+) (\S+) \S+ (\S*) .*$", text, re.MULTILINE):
        pending += state == "PENDING"
        if state != "PENDING":
            for node in NodeSet(place):
                jobs.setdefault(node, []).append(int(number))
    nodes = {}
    for line in text.splitlines():
        if line.startswith("NodeName="):
            name = line.split()[0].removeprefix("NodeName=")
            nodes[name] = _node(line, tuple(sorted(jobs.get(name, []))))
    return ClusterStatus(up="is UP" in text, nodes=nodes, pending=pending)


def _node(line: str, jobs: tuple[int, ...]) -> NodeStatus:
    # A reason is a person's free text at the end of the line, and may look like a field.
    fields = line.split(" Reason=", 1)[0]
    pairs = dict(re.findall(r"\b(State|CPUTot|CPUAlloc|RealMemory|Version)=(\S+)", fields))
    reason = re.search(r"\bReason=(.*?)(?:\s\[|$)", line)
    return NodeStatus(
        state=pairs.get("State", "UNKNOWN").lower(),
        reason=reason.group(1).strip() if reason else "",
        cpus=int(pairs.get("CPUTot", 0)),
        cpus_used=int(pairs.get("CPUAlloc", 0)),
        memory_mib=int(pairs.get("RealMemory", 0)),
        version=pairs.get("Version", ""),
        jobs=jobs,
    )
