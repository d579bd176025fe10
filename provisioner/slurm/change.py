"""What a change of slurm.conf needs: nothing, `scontrol reconfigure`, or a restart of slurmctld.

The rules were measured on 22.05.8 and 24.11.5; for the releases between they are SchedMD's FAQ ("How
should I add nodes to an existing cluster?") and the notes of slurm.conf(5).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from ClusterShell.NodeSet import NodeSet, NodeSetException

from provisioner.slurm.conf_text import Conf, parse_conf
from provisioner.slurm.nodes import PLACEHOLDER_NODE

Release = tuple[int, int]

# A bare reconfigure with another set of nodes kills slurmctld before this release.
NODES_BY_RECONFIGURE: Release = (24, 11)
# From here on reconfigure re-executes the daemon: all keys but ports and authentication take effect.
REEXEC: Release = (23, 11)

_ALWAYS_RESTART = {
    "slurmctldport", "slurmdport", "authtype", "authalttypes", "authaltparameters", "slurmctldhost",
    "accountingstoragetype", "accountingstoragehost",
}  # fmt: skip
_RESTART_BEFORE_REEXEC = _ALWAYS_RESTART | {
    "accountingstorageenforce", "accountingstoragetres", "clustername", "credtype", "grestypes", "jobcontainertype",
    "launchparameters",
    "maxarraysize", "maxjobcount", "maxnodecount", "plugindir", "prioritytype", "proctracktype", "schedulertype",
    "selecttype",
    "selecttypeparameters", "slurmctldparameters", "statesavelocation", "taskplugin", "treewidth",
    "jobacctgathertype", "prologflags", "topologyplugin",
}  # fmt: skip
_NEVER_BUSY = {str(PLACEHOLDER_NODE["NodeName"])}
_TOPOLOGY = {"cpus", "boards", "socketsperboard", "sockets", "corespersocket", "threadspercore"}
# Before REEXEC a reconfigure looks at none of these.
_NODE_RESTART = _TOPOLOGY | {"nodeaddr", "gres"}


class Kind(IntEnum):
    """What has to be done, from nothing to most."""

    NOTHING = 0
    RECONFIGURE = 1
    RESTART = 2


@dataclass(frozen=True)
class Change:
    """What has to be done and why, in words for the summary.

    Jobs would end in `partitions_gone` and on `nodes_gone`, and from REEXEC on be requeued on
    `nodes_rebuilt` (other CPUs). In `partitions_closed`, which are for a group from now on, others would wait for ever.
    """

    kind: Kind
    why: list[str]
    partitions_gone: tuple[str, ...] = ()
    nodes_rebuilt: tuple[str, ...] = ()
    nodes_gone: tuple[str, ...] = ()
    partitions_closed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data for templates and the run record."""
        return {
            "kind": self.kind.name.lower(),
            "why": self.why,
            "partitions_gone": list(self.partitions_gone),
            "nodes_rebuilt": list(self.nodes_rebuilt),
            "nodes_gone": list(self.nodes_gone),
            "partitions_closed": list(self.partitions_closed),
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
    needs = [_need(old, now, release) for old in before]
    known = [old for old in before if old is not None]
    partitions = {name for old in known for name in old.partitions.keys() - now.partitions.keys()}
    nodes = {name for old in known for name in old.nodes.keys() - now.nodes.keys() if _may_be_busy(old, name)}
    rebuilt = {name for old in known for name in _rebuilt(old, now) if release >= REEXEC}
    closed = {name for old in known for name in _closed(old, now)}
    kind = max(need.kind for need in needs)
    why = sorted({reason for need in needs if need.kind == kind for reason in need.why})
    return Change(
        kind, why, tuple(sorted(partitions)), tuple(sorted(rebuilt)), tuple(sorted(nodes)), tuple(sorted(closed))
    )


def _may_be_busy(conf: Conf, name: str) -> bool:
    """Whether jobs could be there; not on what stands for login nodes."""
    return name not in _NEVER_BUSY and conf.nodes[name].get("state") != "FUTURE"


def file_key(text: str, name: str) -> str:
    """The text of a file beside slurm.conf as one key of it, so that a change is seen; '' for one that says nothing."""
    says = any(row.strip() and not row.startswith("#") for row in text.splitlines())
    return f"\n{name}={hashlib.sha256(text.encode()).hexdigest()}\n" if says else ""


def _rebuilt(before: Conf, now: Conf) -> list[str]:
    """Nodes whose CPUs are others than before."""
    return [
        name
        for name in before.nodes.keys() & now.nodes.keys()
        if any(before.nodes[name].get(key) != now.nodes[name].get(key) for key in _TOPOLOGY)
    ]


def _closed(before: Conf, now: Conf) -> list[str]:
    """Partitions that everybody could use, and a group alone can now."""
    return [
        name
        for name in before.partitions.keys() & now.partitions.keys()
        if "AllowGroups=" in now.partitions[name] and "AllowGroups=" not in before.partitions[name]
    ]


def _need(before: Conf | None, now: Conf, release: Release) -> Change:
    if before is None:
        return Change(Kind.RESTART, ["first configuration"])
    if before == now:
        return Change(Kind.NOTHING, [])
    reasons = [
        *_node_reasons(before, now, release),
        *_setting_reasons(before, now, release),
        *((Kind.RECONFIGURE, reason) for reason in _partition_reasons(before, now)),
    ]
    kind = max((kind for kind, _ in reasons), default=Kind.RECONFIGURE)
    why = [reason for its, reason in reasons if its == kind]
    return Change(kind, why or ["lines of another kind changed"])


def _partition_reasons(before: Conf, now: Conf) -> list[str]:
    old, new = before.partitions, now.partitions
    found: dict[str, Collection[str]] = {"removed partitions": old.keys() - new.keys()}
    # Nodes that come or change take their partitions along.
    if before.nodes == now.nodes:
        found["new partitions"] = new.keys() - old.keys()
        found["partitions changed"] = [name for name in old.keys() & new.keys() if old[name] != new[name]]
    return [f"{what}: {', '.join(sorted(names))}" for what, names in found.items() if names]


def _node_reasons(before: Conf, now: Conf, release: Release) -> list[tuple[Kind, str]]:
    reasons = []
    by_set = Kind.RECONFIGURE if release >= NODES_BY_RECONFIGURE else Kind.RESTART
    if came := now.nodes.keys() - before.nodes.keys():
        reasons.append((by_set, f"new nodes: {_folded(came)}"))
    if went := before.nodes.keys() - now.nodes.keys():
        reasons.append((by_set, f"removed nodes: {_folded(went)}"))
    for name in sorted(before.nodes.keys() & now.nodes.keys()):
        old, new = before.nodes[name], now.nodes[name]
        keys = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        if keys:
            heavy = bool(keys & _NODE_RESTART) and release < REEXEC
            kind = Kind.RESTART if heavy else Kind.RECONFIGURE
            reasons.append((kind, f"{name}: {', '.join(sorted(keys))} changed"))
    return reasons


def _folded(names: Collection[str]) -> str:
    """`bld-[008,011]`: a thousand names are one word. A person's own lines may hold what is no node set."""
    try:
        return str(NodeSet.fromlist(sorted(names)))
    except NodeSetException:
        return ", ".join(sorted(names))


def _setting_reasons(before: Conf, now: Conf, release: Release) -> list[tuple[Kind, str]]:
    restart = _ALWAYS_RESTART if release >= REEXEC else _RESTART_BEFORE_REEXEC
    return [
        (Kind.RESTART if key in restart else Kind.RECONFIGURE, f"{key} changed")
        for key in sorted(before.settings.keys() | now.settings.keys())
        if before.settings.get(key) != now.settings.get(key)
    ]
