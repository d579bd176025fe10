"""Which nodes of a cluster are worked on next, so that few are away at once and no partition is left without one. Pure.

Everybody who takes no jobs counts as away, whoever took the node out and whether or not it has to do with this work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from provisioner.console_text import counted
from provisioner.names import folded

_MOST = re.compile(r"([0-9]{1,5})(%?)")


@dataclass(frozen=True)
class Member:
    """One node of the cluster, as far as the order of work goes by it.

    Args:
        available: whether it takes jobs. Whatever is not known to take them is away.
        workable: whether it answers, so that something can be done on it.
        ours: whether a rolling run took it out; it takes jobs again once it is done.
        partitions: names of the partitions that it is in.
        group: its enclosure, '' for none.
        busy: whether jobs are on it.
    """

    available: bool
    workable: bool
    ours: bool = False
    partitions: frozenset[str] = frozenset()
    group: str = ""
    busy: bool = False


@dataclass(frozen=True)
class Limits:
    """What a rolling run keeps to.

    Args:
        most: nodes that may be away at once, those among them that were away before.
        by_group: whether a batch has nodes of one enclosure only, and the enclosures come one after the other.
        may_empty: whether a node may be taken that is the last of a partition to take jobs; it then goes alone.
    """

    most: int = 1
    by_group: bool = False
    may_empty: bool = False


@dataclass(frozen=True)
class Batch:
    """The nodes that come next; without any, `why` says what keeps those that are due, '' where none is."""

    nodes: tuple[str, ...] = ()
    why: str = ""


def most_away(text: str, nodes: int) -> int:
    """How many nodes `3` or `10%` are, at least one.

    Args:
        nodes: how many the cluster has.

    Raises:
        ValueError: the text is neither a number above 0 nor a share up to 100 %.
    """
    found = _MOST.fullmatch(text.strip())
    number = int(found[1]) if found else 0
    if found is None or number < 1 or (found[2] and number > 100):
        raise ValueError(f"{text!r} is no number of nodes above 0, such as 2, and no share of them, such as 10%")
    return max(1, nodes * number // 100) if found[2] else number


def next_batch(members: Mapping[str, Member], due: Sequence[str], limits: Limits) -> Batch:
    """The nodes that are worked on next.

    Nodes that are away anyway come first, since they cost nobody anything; then those without jobs.

    Args:
        members: all nodes of the cluster.
        due: those that are to be worked on, in the order that a person expects. Nodes that do not answer are passed
            over, and whoever calls says so.
    """
    waiting = [name for name in due if name in members and members[name].workable]
    groups = list(dict.fromkeys(members[name].group for name in waiting)) if limits.by_group else []
    split = [[name for name in waiting if members[name].group == group] for group in groups] or [waiting]
    for names in split:
        if taken := _taken(members, names, limits):
            return Batch(tuple(taken))
    if not waiting:
        return Batch()
    away = _away(members)
    if len(away) >= limits.most:
        are = "is" if len(away) == 1 else "are"
        return Batch(
            why=f"{counted(len(away), 'node')} {are} away already ({folded(away)}) and at most {limits.most} may be; "
            f"next: bring them back (`provision status` shows why), or say --max-unavailable {len(away) + 1}"
        )
    # Nobody is in work now, so that it will not become better by waiting.
    if limits.may_empty:
        return Batch((waiting[0],))
    alone = ", ".join(sorted(_emptied(members, [], waiting[0])))
    return Batch(
        why=f"{waiting[0]} is the last node of partition {alone} that takes jobs; next: bring another one of it back, "
        "or say --allow-empty-partition"
    )


def batches(members: Mapping[str, Member], due: Sequence[str], limits: Limits) -> tuple[list[Batch], Batch]:
    """All batches in their order should nothing fail, and what is left then: `why`, where something is."""
    found, now, rest = [], dict(members), list(due)
    while (batch := next_batch(now, rest, limits)).nodes:
        found.append(batch)
        rest = [name for name in rest if name not in batch.nodes]
        for name in batch.nodes:
            now[name] = after(now[name])
    return found, batch


def after(member: Member) -> Member:
    """The node once it is done: whoever else took it out has to give it back."""
    return replace(member, available=member.available or member.ours, ours=False)


def _away(members: Mapping[str, Member]) -> list[str]:
    return [name for name, member in members.items() if not member.available]


def _taken(members: Mapping[str, Member], names: Sequence[str], limits: Limits) -> list[str]:
    room, taken = limits.most - len(_away(members)), list[str]()
    for name in sorted(names, key=lambda name: (members[name].busy, members[name].available)):
        if len(taken) == limits.most:
            break
        if members[name].available:
            if room < 1 or any(_emptied(members, taken, name)):
                continue
            room -= 1
        taken.append(name)
    return taken


def _emptied(members: Mapping[str, Member], taken: Sequence[str], name: str) -> Iterator[str]:
    """The partitions that would have no node left."""
    out = {*taken, name}
    for partition in members[name].partitions:
        if not any(
            each.available and partition in each.partitions for other, each in members.items() if other not in out
        ):
            yield partition
