"""The nodes of partitions: blades, tiers and features that there are, and as many as the partition asks for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from provisioner.console_text import counted
from provisioner.plan.checks.draft import Draft
from provisioner.plan.partition import split_set
from provisioner.plan.problems import Keys, Problem, did_you_mean, printable
from provisioner.plan.ranges import names_in

_KEYS = ("nodes", "tiers", "features")


def check_partition_nodes(draft: Draft) -> Iterator[Problem]:
    """Nodes, tiers and features that are not there or do not compute; a default without nodes; too few nodes."""
    if not draft.partitions:
        return
    computing = {blade: _features_of(draft, blade) for blade in draft.blades if _computes(draft, blade)}
    known = sorted(set(chain.from_iterable(computing.values())))
    doubtful = _are_features_doubtful(draft)
    unsure = not draft.blades or any("slurm" not in draft.tier_of(blade) for blade in draft.blades)
    for name, entry in draft.partitions.items():
        problems = [*_nodes(draft, name), *_tiers(draft, name), *([] if doubtful else _features(draft, name, known))]
        yield from problems
        if not problems:
            yield from _span(draft, name, entry)
        if not problems and not unsure:
            yield from _enough(draft, name, entry, len(_members(draft, name, computing)))


def _listed(draft: Draft, path: Keys) -> Iterator[tuple[Keys, str]]:
    """The words of a list, or the only one, each with its place."""
    value: Any = draft.data
    for key in path:
        value = value.get(key)
    if isinstance(value, str):
        yield from ((path, word) for word in (split_set(value) if path[-1] == "nodes" else [value]))
    elif isinstance(value, list):
        yield from (((*path, number), word) for number, word in enumerate(value) if word is not None)


def _computes(draft: Draft, name: str) -> bool:
    elsewhere = name == draft.cluster.get("controller") or name in draft.logins
    return not elsewhere and "compute" in (draft.tier_of(name).get("slurm") or [])


def _nodes(draft: Draft, name: str) -> Iterator[Problem]:
    for place, word in _listed(draft, ("partitions", name, "nodes")):
        try:
            named = names_in(word)
        except ValueError as error:
            wrong = f'"{printable(word)}" is no node set: {error}'
            yield draft.at_value(place, wrong, "write node[001-040]")
            continue
        if unknown := [node for node in named if node not in draft.blades and not draft.knows("blades", node)]:
            if draft.knows("blades"):
                wrong = f"partition {printable(name)} has an unknown node {printable(unknown[0])}{_more(unknown)}"
                yield draft.at_value(place, wrong, did_you_mean(unknown[0], draft.blades))
        elif idle := [node for node in named if node in draft.blades and _is_idle(draft, node)]:
            why = _idle_words(draft, idle[0])
            wrong = f"partition {printable(name)} has {printable(idle[0])}{_more(idle)}, which {why}"
            yield draft.at_value(place, wrong, "name compute nodes only")


def _more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _is_idle(draft: Draft, name: str) -> bool:
    """Whether a blade is surely no compute node."""
    roles = draft.tier_of(name).get("slurm")
    elsewhere = name == draft.cluster.get("controller") or name in draft.logins
    return elsewhere or (isinstance(roles, list) and not {"compute", None} & {*roles})


def _idle_words(draft: Draft, name: str) -> str:
    if name == draft.cluster.get("controller"):
        return "is the controller"
    if name in draft.logins:
        return "is a login node"
    return f"does not compute as a blade of tier {draft.blades[name]['tier']}"


def _tiers(draft: Draft, name: str) -> Iterator[Problem]:
    for place, tier in _listed(draft, ("partitions", name, "tiers")):
        roles = draft.tiers.get(tier, {}).get("slurm")
        if tier not in draft.tiers and not draft.knows("tiers", tier):
            if draft.knows("tiers"):
                wrong = f"partition {printable(name)} has an unknown tier {printable(tier)}"
                yield draft.at_value(place, wrong, did_you_mean(tier, draft.tiers))
        elif isinstance(roles, list) and not {"compute", None} & {*roles}:
            wrong = f"partition {printable(name)} has tier {tier}, whose blades do not compute"
            yield draft.at_value(place, wrong, "add compute to the `slurm` list of the tier, or name another one")


def _features(draft: Draft, name: str, known: list[str]) -> Iterator[Problem]:
    for place, feature in _listed(draft, ("partitions", name, "features")):
        if feature not in known:
            wrong = (
                f"partition {printable(name)} wants feature {printable(feature)}, which the plan gives no compute node"
            )
            right = did_you_mean(feature, known) if known else "write `features:` at a tier or blade"
            yield draft.at_value(place, wrong, right)


def _are_features_doubtful(draft: Draft) -> bool:
    """Whether some could not be used, which is a problem of theirs."""
    sections = {"blades": draft.blades, "tiers": draft.tiers}
    return any(
        None in (entry.get("features") or []) or ("features" not in entry and draft.knows(section, each, "features"))
        for section, entries in sections.items()
        for each, entry in entries.items()
    )


def _features_of(draft: Draft, blade: str) -> list[str]:
    own = draft.blades[blade].get("features")
    found = own if own is not None else draft.tier_of(blade).get("features")
    return [feature for feature in found or [] if feature is not None]


def _members(draft: Draft, name: str, computing: dict[str, list[str]]) -> set[str]:
    """The compute nodes that the partition will have."""
    named, tiers, features = ({word for _, word in _listed(draft, ("partitions", name, key))} for key in _KEYS)
    nodes = {node for word in named for node in names_in(word)}
    return {
        blade
        for blade, its_features in computing.items()
        if not (named or tiers or features)
        or blade in nodes
        or draft.blades[blade].get("tier") in tiers
        or features.intersection(its_features)
    }


def _span(draft: Draft, name: str, entry: dict[str, Any]) -> Iterator[Problem]:
    least, most = entry.get("min_nodes"), entry.get("max_nodes")
    if least and most and least > most:
        wrong = f"partition {printable(name)} has min_nodes {least}, which is more than its max_nodes {most}"
        yield draft.at_value(("partitions", name, "min_nodes"), wrong, "write a smaller one")


def _enough(draft: Draft, name: str, entry: dict[str, Any], count: int) -> Iterator[Problem]:
    least = entry.get("min_nodes")
    if not count and entry.get("default"):
        wrong = f"partition {printable(name)} is the default and has no nodes"
        yield draft.at_key(("partitions", name), wrong, "name nodes, tiers or features of compute nodes")
    elif count and least and least > count:
        wrong = f"partition {printable(name)} has min_nodes {least}, which is more than its {counted(count, 'node')}"
        yield draft.at_value(("partitions", name, "min_nodes"), wrong, "write a smaller one")
