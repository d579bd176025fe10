"""Partitions that the plan names: names that collide, one default, and words that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioner.plan.checks.draft import Draft
from provisioner.plan.checks.roles import RESERVED_PARTITIONS
from provisioner.plan.problems import Keys, Problem, printable
from provisioner.slurm.times import MOST_TIME, minutes

_ACCOUNTED = ("allow_accounts", "deny_accounts", "allow_qos", "deny_qos", "qos")
# Why the default cannot be one.
_UNFIT_DEFAULTS = {"hidden": "hidden from everybody", "root_only": "for root only"}


def check_partitions(draft: Draft) -> Iterator[Problem]:
    """What is wrong with each partition but for its nodes and preemption, and with several of them."""
    yield from _names(draft)
    yield from _beside_tiers(draft)
    yield from _defaults(draft)
    for name, entry in draft.partitions.items():
        place: Keys = ("partitions", name)
        yield from _unfit_default(draft, place, entry)
        yield from _access(draft, place, entry)
        yield from _times(draft, place, f"partition {printable(name)}", entry)
    for tier, entry in draft.tiers.items():
        if isinstance(its := entry.get("partition"), dict):
            yield from _times(draft, ("tiers", tier, "partition"), f"the partition of tier {tier}", its)


def _names(draft: Draft) -> Iterator[Problem]:
    """Slurm keeps capitals in slurm.conf and none in its database."""
    seen: dict[str, str] = {}
    for name in draft.partitions:
        place: Keys = ("partitions", name)
        if (short := name.lower()) in RESERVED_PARTITIONS:
            what = RESERVED_PARTITIONS[short]
            yield draft.at_key(place, f"`{name}` is reserved for {what}", "call it something else")
        elif first := seen.get(short):
            wrong = f"partition {printable(name)} is called as {printable(first)} is ({draft.where(_of(first), place)})"
            yield draft.at_key(place, wrong, "let them differ in more than capitals")
        seen.setdefault(short, name)


def _of(name: str) -> Keys:
    return ("partitions", name)


def _beside_tiers(draft: Draft) -> Iterator[Problem]:
    if not draft.partitions:
        return
    for tier, entry in draft.tiers.items():
        if entry.get("partition"):
            wrong = f"tier {tier} describes its partition, and `partitions` says all that there are"
            yield draft.at_key(
                ("tiers", tier, "partition"), wrong, f"write it below `partitions`, with `tiers: {tier}`"
            )


def _defaults(draft: Draft) -> Iterator[Problem]:
    first, *others = [name for name, entry in draft.partitions.items() if entry.get("default")] or [""]
    for name in others:
        place: Keys = ("partitions", name, "default")
        where = draft.where_value(("partitions", first, "default"), place)
        wrong = f"partition {printable(name)} is the default, as {printable(first)} is ({where})"
        yield draft.at_value(place, wrong, "keep one of them")


def _unfit_default(draft: Draft, place: Keys, entry: dict[str, Any]) -> Iterator[Problem]:
    for key, words in _UNFIT_DEFAULTS.items():
        if entry.get("default") and entry.get(key):
            wrong = f"partition {printable(str(place[1]))} is the default and {words}"
            yield draft.at_value((*place, key), wrong, "drop one of the two")


def _access(draft: Draft, place: Keys, entry: dict[str, Any]) -> Iterator[Problem]:
    name = printable(str(place[1]))
    for kind in ("accounts", "qos"):
        if entry.get(f"allow_{kind}") and entry.get(f"deny_{kind}"):
            wrong = f"partition {name} has allow_{kind} and deny_{kind}, of which Slurm takes the first only"
            yield draft.at_key((*place, f"deny_{kind}"), wrong, "keep one of them")
    if draft.data.get("accounting") is False:
        for key in _ACCOUNTED:
            if entry.get(key):
                wrong = f"partition {name} has {key}, and `accounting: false` knows neither accounts nor QOS"
                yield draft.at_key((*place, key), wrong, "leave it out, or drop `accounting: false`")


def _times(draft: Draft, place: Keys, what: str, entry: dict[str, Any]) -> Iterator[Problem]:
    usual, longest = entry.get("default_time"), entry.get("max_time")
    if longest is None and not draft.knows(*place, "max_time"):
        longest = MOST_TIME
    if usual and longest and minutes(usual) > minutes(longest):
        wrong = f"{what} has default_time {usual}, which is more than its max_time {longest}"
        yield draft.at_value((*place, "default_time"), wrong, "write a shorter one")
