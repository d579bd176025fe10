"""The node registry: the controller's memory of every node that ever joined.

A run merges what it discovered on the nodes it touched; slurm.conf is rendered from all records. So a
run over one blade never drops the others, and a blade that was never seen is left out, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.slurm.hardware import Hardware, is_noise, losses
from provisioner.slurm.node_gpus import gpu_words, loss, settled
from provisioner.slurm.parts import OTHER_BOARD, other_board, part_words, parts_lost, settled_parts
from provisioner.slurm.record_shape import record_trouble

FORMAT = 1
# What a record keeps of a board that has lost something.
_BOARD = ("hardware", "cpu_model", "parts")


@dataclass(frozen=True)
class Merge:
    """What became of a registry: its records, and per node what was new, changed, lost or taken out.

    `without_gpus` has the nodes that lack some and work on, and what a person is told of it.
    `not_forgotten` has the nodes that were to be taken out and were not, and why. `whole` has the nodes that were
    looked at and have all that is on record.
    """

    nodes: dict[str, dict[str, Any]]
    added: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    drifted: dict[str, list[str]] = field(default_factory=dict)
    without_gpus: dict[str, str] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    not_forgotten: dict[str, str] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for templates and the run record."""
        return {
            "nodes": self.nodes,
            "added": self.added,
            "changed": self.changed,
            "drifted": self.drifted,
            "without_gpus": self.without_gpus,
            "forgotten": self.forgotten,
            "not_forgotten": self.not_forgotten,
            "whole": self.whole,
        }


def merge_notes(merge: Mapping[str, Any]) -> list[str]:
    """What changed in the registry, old against new, a line per node; from `Merge.as_dict`."""
    changed = [f"{name}: {', '.join(differences)}" for name, differences in merge["changed"].items()]
    return [
        *changed,
        *(f"{name} is new" for name in merge["added"]),
        *(f"{name} is no longer in the cluster" for name in merge["forgotten"]),
        *(f"{name} is not taken out: {why}" for name, why in merge["not_forgotten"].items()),
    ]


def read_registry(text: str, cluster: str) -> dict[str, dict[str, Any]]:
    """The records in the text of nodes.json, by node name; an absent file ('') has none.

    Raises:
        ValueError: the file is damaged, of a newer format, or another cluster's. Never guessed around:
            an empty registry in its place would drop every node.
    """
    if not text.strip():
        return {}
    try:
        data = json.loads(text)
        form, owner, nodes = data["format"], data["cluster"], data["nodes"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the node registry is damaged: {error}") from error
    if form != FORMAT or not isinstance(nodes, dict):
        raise ValueError(f"the node registry has format {form}, this release reads {FORMAT}")
    if owner != cluster:
        raise ValueError(f"the node registry belongs to cluster {owner}, not {cluster}")
    for name, record in nodes.items():
        if trouble := record_trouble(name, record):
            raise ValueError(f"the node registry is damaged: the record of {ascii(name)[:80]} {trouble}")
    return dict(nodes)


def recorded_warnings(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """What wears out on each node, as the last run found it."""
    return {name: list(record["warnings"]) for name, record in nodes.items() if record.get("warnings")}


def write_registry(nodes: Mapping[str, Any], cluster: str) -> str:
    """The text of nodes.json: sorted, so that equal records are equal bytes."""
    data = {"format": FORMAT, "cluster": cluster, "nodes": dict(nodes)}
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def merge_records(
    known: Mapping[str, dict[str, Any]],
    discovered: Mapping[str, dict[str, Any]],
    accept: Collection[str] = (),
    forget: Collection[str] = (),
) -> Merge:
    """Puts what was discovered into the registry, and takes out what is to be forgotten.

    A record is `{"address", "bay", "tier", "blade", "cpu_model", "machine_id", "job_tmp", "hardware": {...},
    "gpus": [...], "packages": {name: version}, "seen": {"run", "at"}}`. Equal records keep their old `seen`, so that
    a second run changes no byte. A loss of hardware keeps the old record unless the node is in `accept`: that is
    drift. A loss of GPUs does not: the node works on without them, and the record has how many it lacks.
    A node that is to be forgotten although this run works on it stays: of two orders that contradict each
    other, the one that takes nothing away.

    Args:
        known: the registry's records by node name.
        discovered: the records of the nodes this run touched; one that is only `expected` changes no old one.
        accept: nodes whose loss of hardware a person accepted.
        forget: nodes to take out; those that are not in the registry are no error.
    """
    forgotten = (set(forget) & known.keys()) - discovered.keys()
    nodes = {name: record for name, record in known.items() if name not in forgotten}
    added: list[str] = []
    changed: dict[str, list[str]] = {}
    drifted: dict[str, list[str]] = {}
    without_gpus: dict[str, str] = {}
    for name, record in sorted(discovered.items()):
        old = nodes.get(name)
        if "expected" in record and old is not None:
            continue
        planned = "gpus_planned" in record
        record = settled({key: value for key, value in record.items() if key != "expected"}, old or {}, name in accept)
        if lacks := loss(record, planned):
            without_gpus[name] = lacks
        if old is None:
            nodes[name] = record
            added.append(name)
            continue
        before, now = Hardware.from_dict(old["hardware"]), Hardware.from_dict(record["hardware"])
        lost = [*losses(before, now), *parts_lost(old, record)]
        if other := other_board(old, record):
            lost = [f"{OTHER_BOARD}{other}", *lost]
        if parts := settled_parts({} if other else old, record):
            record = {**record, "parts": parts}
        if lost and name not in accept:
            drifted[name] = lost
            record = {**record, **{key: old[key] for key in _BOARD if key in old}}
        elif is_noise(before, now):
            record = {**record, "hardware": old["hardware"]}
        if differences := _differences(old, record):
            changed[name] = differences
        # What an older release did not write down is nothing to tell.
        if differences or "parts" in record.keys() - old.keys():
            nodes[name] = record
    kept = {name: _why_not_forgotten(name, discovered) for name in sorted(set(forget) - forgotten)}
    whole = sorted(name for name in discovered if name not in drifted and "expected" not in discovered[name])
    return Merge(nodes, added, changed, drifted, without_gpus, sorted(forgotten), kept, whole)


def _why_not_forgotten(name: str, discovered: Collection[str]) -> str:
    if name in discovered:
        return "this run works on it; next: leave it out of one of the two"
    return "it is not in the registry"


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """`tier thin -> medium` for every field that differs, but for when and by which run it was seen."""

    def flat(record: dict[str, Any]) -> dict[str, Any]:
        apart = ("seen", "hardware", "packages", "parts", "warnings")
        rest = {key: value for key, value in record.items() if key not in apart}
        gpus = {"gpus": gpu_words(record)} if "gpus" in record else {}
        return {**rest, **record["hardware"], **record.get("packages", {}), **gpus, **_worn(record)}

    before, now = flat(old), flat(new)
    if "parts" in old and "parts" in new:
        before, now = before | part_words(old), now | part_words(new)
    return [
        f"{key} {before.get(key)} -> {now.get(key)}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]


def _worn(record: Mapping[str, Any]) -> dict[str, str]:
    return {"warnings": "; ".join(record["warnings"])} if record.get("warnings") else {}
