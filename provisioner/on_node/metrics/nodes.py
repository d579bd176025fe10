"""Nodes, CPUs, GPUs and partitions, from one call of sinfo."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from .samples import Samples, number

FIELDS = (
    "NodeList", "Partition", "StateLong", "CPUsState", "AllocMem", "Memory", "Gres", "GresUsed", "Timestamp",
    "Reason",
)  # fmt: skip
COMMAND = "sinfo --noheader --Node --all"
# How the word of a state begins, for each figure of nodes; the first that fits counts.
_KINDS = (
    ("alloc", "alloc"), ("comp", "comp"), ("down", "down"), ("drain", "drain"), ("fail", "fail"), ("err", "err"),
    ("idle", "idle"), ("inval", "inval"), ("maint", "maint"), ("mix", "mix"), ("res", "resv"), ("planned", "planned"),
)  # fmt: skip
_OUT = frozenset({"down", "drain", "fail", "err", "inval"})
"""Kinds of states in which a node takes no jobs."""
# `gpu:a100:4(S:0-1)`, `gpu:(null):2(IDX:0-1)`, `gpu:2`: what stands behind a figure, commas in it, too.
_BEHIND = re.compile(r"\((?!null\))[^)]*\)")


def node_samples(rows: Iterable[list[str]], samples: Samples) -> None:
    """The figures of all nodes: of each, of each partition, of the cluster.

    Args:
        rows: FIELDS of each node in each of its partitions.
        samples: where they go.
    """
    samples.zero(("cpus_alloc", "cpus_idle", "cpus_other", "cpus_total", "nodes_total"))
    samples.zero(("gpus_alloc", "gpus_idle", "gpus_other", "gpus_total", "gpus_utilization"))
    seen = set()
    for name, partition, state, cpus, used, memory, gres, gres_used, since, reason in rows:
        partition = partition.rstrip("*")
        figures = [number(word) for word in cpus.split("/")]
        if len(figures) != 4:
            continue
        has, takes = gres_of(gres), gres_of(gres_used)
        its = {"node": name, "status": state, "partition": partition}
        _node(samples, figures, number(used), number(memory), its)
        for kind, count in has.items():
            samples.put("node_gres_total", count, gres_type=kind, **its)
            samples.put("node_gres_used", takes.get(kind, 0), gres_type=kind, **its)
        for kind, figure in zip(("allocated", "idle", "other", "total"), figures):
            samples.add(f"partition_cpus_{kind}", figure, partition=partition)
        # Without the features of slurm_exporter: each node has one of its own, its bay.
        samples.add(f"nodes_{_kind(state)}", partition=partition)
        gpus, busy = _gpus(has), _gpus(takes)
        samples.add("partition_gpus_allocated", busy, partition=partition)
        samples.add("partition_gpus_idle", gpus - busy, partition=partition)
        if name not in seen:
            seen.add(name)
            _cluster(samples, figures, state, gpus, busy)
            if _kind(state) in _OUT:
                # A reason may outlast its drain (24.11 without accounting).
                _drained(samples, name, reason, since)
    gpus = samples.of("gpus_total")
    samples.put("gpus_utilization", samples.of("gpus_alloc") / gpus if gpus else 0)


def _node(samples: Samples, cpus: list[float], used: float, memory: float, its: dict[str, str]) -> None:
    for kind, figure in zip(("alloc", "idle", "other", "total"), cpus):
        samples.put(f"node_cpu_{kind}", figure, **its)
    samples.put("node_mem_alloc", used, **its)
    samples.put("node_mem_total", memory, **its)
    samples.put("node_status", 1, **its)


def _cluster(samples: Samples, cpus: list[float], state: str, gpus: float, busy: float) -> None:
    for kind, figure in zip(("alloc", "idle", "other", "total"), cpus):
        samples.add(f"cpus_{kind}", figure)
    samples.add("nodes_total")
    samples.add("gpus_total", gpus)
    samples.add("gpus_alloc", busy)
    # Nobody gets those of a node that is out of service.
    samples.add("gpus_other" if _kind(state) in _OUT else "gpus_idle", gpus - busy)


def _drained(samples: Samples, name: str, reason: str, since: str) -> None:
    if reason.lower() in ("", "none", "unknown", "(null)"):
        return
    samples.put("node_drain_reason_info", 1, node=name, reason=reason)
    moment = moment_of(since)
    if moment:
        samples.put("node_drain_since_timestamp_seconds", moment, node=name)


def moment_of(words: str) -> float:
    """Seconds since 1970 of a time as Slurm prints it, in this machine's time zone; 0 for none."""
    try:
        return time.mktime(time.strptime(words, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0.0


def _kind(state: str) -> str:
    return next((kind for begin, kind in _KINDS if state.startswith(begin)), "other")


def gres_of(words: str) -> dict[str, float]:
    """How many there are of each resource: `{"gpu:a100": 4}`."""
    found: dict[str, float] = {}
    for word in _BEHIND.sub("", words).split(","):
        name, *kinds, count = word.split(":") if ":" in word else ("", "")
        if name and count.isdecimal():
            its = ":".join([name, *(kind for kind in kinds if kind != "(null)")])
            found[its] = found.get(its, 0) + float(count)
    return found


def _gpus(found: dict[str, float]) -> float:
    return sum(count for name, count in found.items() if name.split(":")[0] == "gpu")
