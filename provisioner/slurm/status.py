"""What slurmctld says of nodes and jobs, from the answer of the module `cluster_status`. Pure.

Reasons are anybody's words and stay as they are: whoever prints them makes them harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ClusterShell.NodeSet import NodeSet, NodeSetException

from provisioner.slurm.times import seconds

MOST_NODES = 10_000
"""Nodes that one text may stand for; a cluster of blades has some hundred."""
LONGEST_PROLOG = 600
"""Seconds; Slurm 24.11 may leave a job in its prolog for ever that begins while it is reconfigured."""
OWNERS = frozenset(
    {
        "job folders",
        "health check",
        "full disk",
        "hardware",
        "slurm",
        "unclear",
        "provision drain",
        "rolling run",
        "not proved",
        "admin",
    }
)
"""Whose a drain may be, as the controller says it (`slurm_drains.owner`)."""
_NODE_SET = re.compile(r"[A-Za-z0-9_.,\[\]-]{1,20000}")
_ELEMENT = re.compile(r"[^,\[\]]*(?:\[[^\]]*\][^,\[\]]*)*")
_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True)
class NodeStatus:
    """One node as slurmctld sees it; memory in MiB, jobs by id.

    `by` and `since` tell who gave the reason, and when; `owner` whose drain it is, '' for a node that is not drained.
    """

    state: str
    reason: str
    cpus: int
    cpus_used: int
    memory_mib: int
    version: str
    jobs: tuple[int, ...] = ()
    by: str = ""
    since: str = ""
    owner: str = ""

    def is_good(self) -> bool:
        """Whether it takes jobs, or works on some."""
        return self.state.split("+")[0].rstrip("*") in ("idle", "mixed", "allocated") and "+" not in self.state

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class ClusterStatus:
    """The controller's answer and its nodes by name.

    `unstarted` has the ids of jobs that are called running and whose prolog is not over after LONGEST_PROLOG.
    """

    up: bool
    nodes: dict[str, NodeStatus]
    pending: int
    unstarted: tuple[int, ...] = ()


def parse_status(answer: Mapping[str, Any]) -> ClusterStatus:
    """Reads the result of `cluster_status`; rows of another shape are left out."""
    jobs: dict[str, list[int]] = {}
    for number, place in _rows(answer.get("running"), 2):
        for node in expand(place):
            jobs.setdefault(node, []).append(_number(number))
    nodes = {
        name: NodeStatus(
            state=state.lower(),
            reason="" if reason == "none" else reason,
            cpus=_number(cpus.split("/")[-1]),
            cpus_used=_number(cpus.split("/")[0]),
            memory_mib=_number(memory),
            version="" if version == "(null)" else version,
            jobs=tuple(sorted(jobs.get(name, []))),
            by="" if reason == "none" else by,
            since="" if reason == "none" else since,
            owner=owner if owner in OWNERS else "",
        )
        for name, state, cpus, memory, version, reason, by, since, owner in _rows(answer.get("nodes"), 9)
    }
    pending = _number(str(answer.get("pending")))
    in_prolog = _rows(answer.get("in_prolog"), 2)
    stuck = sorted(_number(job) for job, used in in_prolog if (seconds(used) or 0) > LONGEST_PROLOG)
    return ClusterStatus(answer.get("up") is True, nodes, pending, tuple(stuck))


def expand(nodes: str) -> list[str]:
    """The names in a node set of Slurm, [] for what is none or stands for more than MOST_NODES.

    The library makes a list of all numbers first: `n[1-30000000]` would take minutes.
    """
    if not _NODE_SET.fullmatch(nodes) or sum(_count(element) for element in _ELEMENT.findall(nodes)) > MOST_NODES:
        return []
    try:
        return [str(node) for node in NodeSet(nodes)]
    except NodeSetException:
        return []


def _count(element: str) -> int:
    """How many names `bld-[1-3,7]` stands for, at most."""
    count = 1
    for inside in re.findall(r"\[([^\]]*)\]", element):
        count *= sum(_width(part) for part in inside.split(","))
    return count


def _width(part: str) -> int:
    """How many numbers `1-3` or `7` stands for; too many for what is none of both."""
    if found := _RANGE.fullmatch(part):
        return max(0, int(found[2]) - int(found[1])) + 1
    return 1 if part.isdecimal() else MOST_NODES + 1


def _rows(found: Any, width: int) -> Iterable[list[str]]:
    if not isinstance(found, list):
        return []
    return [
        row for row in found if isinstance(row, list) and len(row) == width and all(isinstance(x, str) for x in row)
    ]


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else 0
