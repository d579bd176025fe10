"""What a change of slurm.conf needs: nothing, `scontrol reconfigure`, or a restart of slurmctld.

What each setting needs is in `settings_effect.yml`. The rules of nodes and partitions here were measured on 22.05.8
and 24.11.5; for the releases between they are SchedMD's FAQ ("How should I add nodes to an existing cluster?").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ClusterShell.NodeSet import NodeSet, NodeSetException

from provisioner.slurm.conf_text import Conf, parse_conf
from provisioner.slurm.effects import Effect, effect, spelled
from provisioner.slurm.effects import Kind as Kind
from provisioner.slurm.nodes import PLACEHOLDER_NODE

Release = tuple[int, int]

# A bare reconfigure with another set of nodes kills slurmctld before this release.
NODES_BY_RECONFIGURE: Release = (24, 11)
# From here on reconfigure re-executes the daemon.
REEXEC: Release = (23, 11)
# From here on a job that names several nodes outlives the loss of some; before, slurmctld ends it (NODE_FAIL). Both
# measured on 22.05.8 and 24.11.5.
OUTLIVES_SOME: Release = (24, 11)

_NEVER_BUSY = {str(PLACEHOLDER_NODE["NodeName"])}
_TOPOLOGY = {"cpus", "boards", "socketsperboard", "sockets", "corespersocket", "threadspercore"}
_GPUS = {"gres"}
# Before REEXEC a reconfigure looks at none of these.
_NODE_RESTART = _TOPOLOGY | _GPUS | {"nodeaddr"}
_BY_RECONFIGURE = Effect(Kind.RECONFIGURE)


@dataclass(frozen=True)
class Row:
    """One thing that is another one in slurm.conf or beside it.

    Args:
        what: for a person, such as `MessageTimeout changed`.
        why: the same as `Change.why` has it.
        needs: what it needs to take effect.
        ends: whose jobs could be ended or requeued by it: `partition NAME` and `node NAME`.
    """

    what: str
    why: str
    needs: Effect
    ends: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for templates and previews."""
        return {"what": self.what, "needs": self.needs.words(), "ends": list(self.ends)}


@dataclass(frozen=True)
class Change:
    """What has to be done and why, in words for the summary.

    Jobs would end in `partitions_gone` and on `nodes_gone`, and be requeued on `nodes_rebuilt` (other CPUs: "Aborting
    JobId=4 due to change in socket/core configuration of allocated nodes"). So would those with GPUs on `gpus_changed`
    ("Aborting JobId=2 due to use of invalid GRES configuration"). Measured on 22.05.8 and 24.11.5 with more CPUs and
    with fewer GPUs. In `partitions_closed`, which are for a group from now on, others would wait for ever.
    `slurmd` says why slurmd has to be restarted on the nodes. `rows` has each thing that changed, also lesser ones.
    `named` says which jobs end because they name nodes of `nodes_gone`: who names `any`, or who loses `all` of its own.
    """

    kind: Kind
    why: list[str]
    partitions_gone: tuple[str, ...] = ()
    nodes_rebuilt: tuple[str, ...] = ()
    gpus_changed: tuple[str, ...] = ()
    nodes_gone: tuple[str, ...] = ()
    partitions_closed: tuple[str, ...] = ()
    slurmd: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    named: str = "any"

    def as_dict(self) -> dict[str, object]:
        """Plain data for templates and the run record."""
        return {
            "kind": self.kind.name.lower(),
            "why": self.why,
            "partitions_gone": list(self.partitions_gone),
            "nodes_rebuilt": list(self.nodes_rebuilt),
            "gpus_changed": list(self.gpus_changed),
            "nodes_gone": list(self.nodes_gone),
            "partitions_closed": list(self.partitions_closed),
            "slurmd": list(self.slurmd),
            "rows": [row.as_dict() for row in self.rows],
            "named": self.named,
        }


def release_of(version: str) -> Release:
    """(22, 5) for `22.05.8-4+deb12u3` or `slurm 22.05.8`.

    Raises:
        ValueError: there is no release in the text.
    """
    match = re.search(r"(\d\d)\.(\d\d)\b", version)
    if match is None:
        raise ValueError(f"not a Slurm version: {version!r}")
    return int(match[1]), int(match[2])


def config_change(live: list[str], new: str, version: str) -> Change:
    """Compares the new slurm.conf with what slurmctld may hold.

    Args:
        live: texts that slurmctld may have loaded: the last one that was applied with success and the
            one on disk. They differ when a run was killed or a person edited the file; the larger
            need wins. An empty text stands for no file.
        new: the text about to be written.
        version: the controller's Slurm version.
    """
    release, now = release_of(version), parse_conf(new)
    before = [parse_conf(old) if old.strip() else None for old in live or [""]]
    rows = _together(row for old in before for row in _rows(old, now, release))
    known = [old for old in before if old is not None]
    partitions = {name for old in known for name in old.partitions.keys() - now.partitions.keys()}
    nodes = {name for old in known for name in old.nodes.keys() - now.nodes.keys() if _may_be_busy(old, name)}
    rebuilt = {name for old in known for name in _with_other(_TOPOLOGY, old, now)}
    gpus = {name for old in known for name in _with_other(_GPUS, old, now)}
    closed = {name for old in known for name in _closed(old, now)}
    kind = max((row.needs.slurmctld for row in rows), default=Kind.NOTHING)
    return Change(
        kind,
        sorted({row.why for row in rows if row.needs.slurmctld == kind}),
        tuple(sorted(partitions)),
        tuple(sorted(rebuilt)),
        tuple(sorted(gpus)),
        tuple(sorted(nodes)),
        tuple(sorted(closed)),
        tuple(row.why for row in rows if row.needs.slurmd),
        rows,
        "all" if nodes and release >= OUTLIVES_SOME else "any",
    )


def _together(rows: Iterator[Row]) -> tuple[Row, ...]:
    """Each thing once, with the larger need of the texts that may be loaded."""
    found: dict[str, Row] = {}
    for row in rows:
        old = found.get(row.what, row)
        needs = Effect(max(old.needs.slurmctld, row.needs.slurmctld), old.needs.slurmd or row.needs.slurmd)
        found[row.what] = replace(row, needs=needs, ends=tuple(dict.fromkeys([*old.ends, *row.ends])))
    return tuple(found.values())


def _may_be_busy(conf: Conf, name: str) -> bool:
    """Whether jobs could be there; not on what stands for login nodes."""
    return name not in _NEVER_BUSY and conf.nodes[name].get("state") != "FUTURE"


def file_key(text: str, name: str) -> str:
    """The text of a file beside slurm.conf as one key of it, so that a change is seen; '' for one that says nothing."""
    says = any(row.strip() and not row.startswith("#") for row in text.splitlines())
    return f"\n{name}={hashlib.sha256(text.encode()).hexdigest()}\n" if says else ""


def _with_other(keys: Collection[str], before: Conf, now: Conf) -> list[str]:
    """Nodes whose keys say something else than before."""
    return [
        name
        for name in before.nodes.keys() & now.nodes.keys()
        if any(before.nodes[name].get(key) != now.nodes[name].get(key) for key in keys)
    ]


def _closed(before: Conf, now: Conf) -> list[str]:
    """Partitions that everybody could use, and a group alone can now."""
    return [
        name
        for name in before.partitions.keys() & now.partitions.keys()
        if "AllowGroups=" in now.partitions[name] and "AllowGroups=" not in before.partitions[name]
    ]


def _rows(before: Conf | None, now: Conf, release: Release) -> list[Row]:
    if before is None:
        return [_row("first configuration", Effect(Kind.RESTART))]
    if before == now:
        return []
    rows = [
        *_node_rows(before, now, release),
        *_setting_rows(before, now, release),
        *_partition_rows(before, now),
    ]
    return rows or [_row("lines of another kind changed", _BY_RECONFIGURE)]


def _row(why: str, needs: Effect, ends: tuple[str, ...] = ()) -> Row:
    return Row(why, why, needs, ends)


def _partition_rows(before: Conf, now: Conf) -> Iterator[Row]:
    old, new = before.partitions, now.partitions
    if gone := sorted(old.keys() - new.keys()):
        ends = tuple(f"partition {name}" for name in gone)
        yield _row(f"removed partitions: {', '.join(gone)}", _BY_RECONFIGURE, ends)
    # Nodes that come or change take their partitions along.
    if before.nodes == now.nodes:
        found: dict[str, Collection[str]] = {
            "new partitions": new.keys() - old.keys(),
            "partitions changed": [name for name in old.keys() & new.keys() if old[name] != new[name]],
        }
        for what, names in found.items():
            if names:
                yield _row(f"{what}: {', '.join(sorted(names))}", _BY_RECONFIGURE)


def _node_rows(before: Conf, now: Conf, release: Release) -> Iterator[Row]:
    by_set = _BY_RECONFIGURE if release >= NODES_BY_RECONFIGURE else Effect(Kind.RESTART)
    if came := now.nodes.keys() - before.nodes.keys():
        yield _row(f"new nodes: {_folded(came)}", by_set)
    if went := before.nodes.keys() - now.nodes.keys():
        ends = tuple(f"node {name}" for name in sorted(went) if _may_be_busy(before, name))
        yield _row(f"removed nodes: {_folded(went)}", by_set, ends)
    for name in sorted(before.nodes.keys() & now.nodes.keys()):
        old, new = before.nodes[name], now.nodes[name]
        keys = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        if keys:
            heavy = bool(keys & _NODE_RESTART) and release < REEXEC
            needs = Effect(Kind.RESTART) if heavy else _BY_RECONFIGURE
            ends = (f"node {name}",) if keys & (_TOPOLOGY | _GPUS) else ()
            yield _row(f"{name}: {', '.join(sorted(keys))} changed", needs, ends)


def _setting_rows(before: Conf, now: Conf, release: Release) -> Iterator[Row]:
    for key in sorted(before.settings.keys() | now.settings.keys()):
        old, new = before.settings.get(key), now.settings.get(key)
        if old != new:
            how = "added" if old is None else "dropped" if new is None else "changed"
            yield Row(f"{spelled(key)} {how}", f"{key} changed", effect(key, release))


def _folded(names: Collection[str]) -> str:
    """`bld-[008,011]`: a thousand names are one word. A person's own lines may hold what is no node set."""
    try:
        return str(NodeSet.fromlist(sorted(names)))
    except NodeSetException:
        return ", ".join(sorted(names))
