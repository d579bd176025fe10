"""Preemption: a way that works, and partitions that go with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Keys, Problem, printable

_PLACE: Keys = ("preemption",)


def check_preemption(draft: Draft) -> Iterator[Problem]:
    """What contradicts the way of preemption, or the release that lacks it."""
    by = draft.preemption.get("by")
    if by is None and draft.knows("preemption"):
        return
    by = by or "none"
    yield from _of_the_cluster(draft, by)
    for name, entry in draft.partitions.items():
        yield from _of_a_partition(draft, by, name, entry)


def _of_the_cluster(draft: Draft, by: str) -> Iterator[Problem]:
    said = draft.preemption
    at_mode: Keys = (*_PLACE, "mode")
    if by == "qos" and draft.data.get("accounting") is False:
        wrong = "preemption by QOS needs accounting, and the plan says `accounting: false`"
        yield draft.at_value(_PLACE, wrong, "drop `accounting: false`, or write `preemption: partition`")
    if by == "qos" and said.get("mode") == "suspend":
        wrong = "Slurm 22.05 of Debian 12 does not suspend by QOS as it should, nor any release before 24.11.2"
        yield draft.at_value(at_mode, wrong, "write requeue or cancel, or `by: partition`")
    if by == "none" and said.keys() & {"mode", "exempt_time"}:
        key = next(key for key in said if key != "by")
        wrong = f"preemption is none, and says {key}"
        yield draft.at_key((*_PLACE, key), wrong, "leave it out, or write `by: partition` or `by: qos`")
    if by == "partition" and len(tiers := _priority_tiers(draft)) == 1:
        wrong = f"preemption by partition, and no priority_tier is above another: all are {tiers.pop()}"
        yield draft.at_value(_PLACE, wrong, "give partitions whose jobs shall take the place of others a higher one")


def _priority_tiers(draft: Draft) -> set[int]:
    """The priorities of the partitions that users have; `all` is one where the plan names none."""
    if draft.partitions:
        return {entry.get("priority_tier", 1) for entry in draft.partitions.values()}
    own = [entry.get("partition") or {} for entry in draft.tiers.values() if "compute" in (entry.get("slurm") or [])]
    return {1, *(partition.get("priority_tier", 1) for partition in own)}


def _of_a_partition(draft: Draft, by: str, name: str, entry: dict[str, Any]) -> Iterator[Problem]:
    place: Keys = ("partitions", name)
    for key in ("preempt_mode", "grace_time"):
        if entry.get(key) is not None and by != "partition":
            told = "QOS say it where preemption is by QOS" if by == "qos" else "the plan has no preemption"
            right = "leave it out" if by == "qos" else "add `preemption: partition`"
            yield draft.at_key((*place, key), f"partition {printable(name)} has {key}, and {told}", right)
    if _suspends(draft, by) and entry.get("oversubscribe"):
        wrong = f"partition {printable(name)} has oversubscribe, and jobs are suspended, which needs Slurm's FORCE:1"
        yield draft.at_key((*place, "oversubscribe"), wrong, "leave it out, or requeue instead")


def _suspends(draft: Draft, by: str) -> bool:
    modes = {draft.preemption.get("mode"), *(entry.get("preempt_mode") for entry in draft.partitions.values())}
    return by == "partition" and "suspend" in modes
