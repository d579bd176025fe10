"""What the controller keeps of nodes that have left the cluster, so that one that comes back is known. Pure.

Each has its last record, who took it out and when, and what its disks were then, until the node leaves once more.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.slurm.hardware import Hardware, losses
from provisioner.slurm.record_shape import record_trouble
from provisioner.value_shape import record, text

FORMAT = 1
MOST_NODES = 1000
"""Nodes that are kept; of more, those that left last."""
_DAMAGED = (
    "the archive of released nodes, /var/lib/provision/released.json on the controller, is damaged; next: move it "
    "away there and run again"
)
_LEFT = record({"at": text(64), "by": text(200), "run": text(64)})


def read_archive(content: str, cluster: str) -> dict[str, dict[str, Any]]:
    """The nodes that left, by name: `{"record", "left": {"at", "by", "run"}, "disks"}`; '' has none.

    Raises:
        ValueError: it is damaged, or another cluster's.
    """
    if not content.strip():
        return {}
    try:
        data = json.loads(content)
        nodes = data["nodes"] if (data["format"], data["cluster"]) == (FORMAT, cluster) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        nodes = None
    if not isinstance(nodes, dict):
        raise ValueError(_DAMAGED)
    for name, each in nodes.items():
        if not isinstance(each, dict) or record_trouble(name, each.get("record")) or _LEFT(each.get("left")):
            raise ValueError(_DAMAGED)
    return dict(nodes)


def archive(
    content: str,
    cluster: str,
    known: Mapping[str, Mapping[str, Any]],
    merge: Mapping[str, Any],
    seen: Mapping[str, str],
    noted: str = "",
) -> str:
    """The text of the archive once the nodes that leave are in it; the same text where none leaves.

    Args:
        content: its text of before.
        cluster: name of the cluster.
        known: the registry before the change.
        merge: `Merge.as_dict`.
        seen: `{"run": id, "at": ISO time}`.
        noted: what is known besides, by node: `{"by": who, "disks": [...]}`, as JSON in base64.

    Raises:
        ValueError: nodes leave and the archive is damaged. It is never overwritten then.
    """
    if not merge["forgotten"]:
        return content
    nodes, told = read_archive(content, cluster), _told(noted)
    for name in merge["forgotten"]:
        own = told.get(name) or {}
        left = {"at": str(seen["at"]), "by": their_words(own.get("by") or "", 100), "run": str(seen["run"])}
        nodes[name] = {"record": known[name], "left": left, "disks": own.get("disks")}
    last = sorted(nodes, key=lambda name: str(nodes[name]["left"]["at"]))[-MOST_NODES:]
    data = {"format": FORMAT, "cluster": cluster, "nodes": {name: nodes[name] for name in last}}
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def archive_notes(content: str, cluster: str, merge: Mapping[str, Any]) -> list[str]:
    """What is said of nodes that joined and were here before."""
    if not merge["added"]:
        return []
    try:
        nodes = read_archive(content, cluster)
    except ValueError as error:
        return [str(error)]
    return [_back(name, nodes[name], merge["nodes"][name]) for name in merge["added"] if name in nodes]


def _back(name: str, old: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    left, before = old["left"], old["record"]
    by = f" by {their_words(left['by'], 60)}" if left["by"] else ""
    same = before.get("machine_id") == now.get("machine_id")
    lost = losses(Hardware.from_dict(before["hardware"]), Hardware.from_dict(now["hardware"]))
    less = f"; it has less than then: {', '.join(lost)}" if lost else ""
    what = "with the installation that it had" if same else "with another installation"
    return f"{name} is back {what}: it left {their_words(left['at'], 30)}{by}{less}"


def note_leaving(nodes: Mapping[str, Mapping[str, Any]]) -> str:
    """What is known of nodes that are to leave, as `archive` takes it: no template can be in it."""
    return base64.b64encode(json.dumps(nodes).encode()).decode()


def _told(noted: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(noted)) if noted else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def release_due(nodes: Collection[str], computes: Collection[str]) -> list[str]:
    """A sentence for each node that is still in the cluster although the plan lets it compute no more.

    Args:
        nodes: the names in the registry.
        computes: the nodes that compute by the plan; none where nobody says.
    """
    return [
        f"{name} is still in the cluster, and the plan lets it compute no more; next: `provision release {name}` "
        "takes it out"
        for name in sorted(set(nodes) - set(computes) if computes else ())
    ]
