"""The first plan as values: which machine becomes what, and what was guessed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from provisioner.errors import UsageError
from provisioner.survey.kinds import Kind, sort_kinds
from provisioner.survey.naming import node_names
from provisioner.survey.network import Port, Shared, share_network
from provisioner.survey.sorting import LeftOut, Seen, remarks

CONTROLLER_TIER = "controller"
Most = TypeVar("Most")


@dataclass(frozen=True)
class Node:
    """A machine as it stands in the plan."""

    name: str
    seen: Seen
    port: Port
    tier: str


@dataclass(frozen=True)
class Proposal:
    """A first plan.

    Args:
        user, ssh_port: as most machines have it; `key`: as all have it.
        kinds: the tiers of the compute nodes.
        shared_ids: disk ids and serial numbers that several machines have, so that they name none.
        notes: what a person should know of what is in the plan.
    """

    cluster: str
    shared: Shared
    user: str
    ssh_port: int
    key: str | None
    controller: str
    controller_why: str
    nodes: Sequence[Node]
    kinds: Sequence[Kind]
    shared_ids: frozenset[str]
    notes: Sequence[str] = ()
    left_out: Sequence[LeftOut] = field(default=())


def propose(cluster: str, kept: Sequence[Seen], controller: str | None = None, key: str | None = None) -> Proposal:
    """The first plan of these machines, of which there is at least one.

    Raises:
        UsageError: the named controller is none of them.
    """
    shared = share_network(kept)
    members = [each for each, _ in shared.ports]
    chosen, why = _controller(members, controller)
    names, doubles = node_names(members)
    kinds = sort_kinds([each.machine for each in members if each is not chosen])
    tiers = iter(kinds)
    nodes = [
        Node(name, each, port, CONTROLLER_TIER if each is chosen else next(tiers).tier)
        for name, (each, port) in zip(names, shared.ports, strict=True)
    ]
    lonely = ["there is no machine that computes; next: name a second one"] if len(nodes) == 1 else []
    return Proposal(
        cluster=cluster,
        shared=shared,
        user=_most([each.reach.user for each in members]),
        ssh_port=_most([each.reach.port for each in members]),
        key=key or _only([each.reach.target.key for each in members]),
        controller=next(node.name for node in nodes if node.seen is chosen),
        controller_why=why,
        nodes=nodes,
        kinds=list({kind.tier: kind for kind in kinds}.values()),
        shared_ids=_shared_ids(members),
        notes=[*doubles, *remarks(members), *lonely],
        left_out=shared.left_out,
    )


def plain(word: str) -> str:
    """A serial number or MAC as it is compared."""
    return word.lower().replace("-", ":")


def _controller(members: Sequence[Seen], wanted: str | None) -> tuple[Seen, str]:
    """The machine that runs slurmctld, which is none that jobs would want more, and why it is this one."""
    if wanted is not None:
        named = next((each for each in members if each.is_called(wanted)), None)
        if named is None:
            known = ", ".join(each.label for each in members[:8])
            raise UsageError(f"the controller {wanted} is none of the machines that can be nodes", f"name one: {known}")
        return named, "as you said"
    without = [each for each in members if not each.machine.gpus]
    if without and len(without) < len(members):
        return without[0], "the first machine without GPUs; --controller NAME takes another one"
    return members[0], "the first machine that was named; --controller NAME takes another one"


def _most(values: Sequence[Most]) -> Most:
    """The most frequent one, the first of those that are equally so."""
    return Counter(values).most_common(1)[0][0]


def _only(values: Sequence[str | None]) -> str | None:
    """What all of them have; a key of some is in the lines of those."""
    return values[0] if len(set(values)) == 1 else None


def _shared_ids(members: Sequence[Seen]) -> frozenset[str]:
    counts: Counter[str] = Counter()
    for each in members:
        machine = each.machine
        counts.update(map(plain, {machine.serial, *(interface.mac for interface in machine.interfaces)}))
        counts.update(drive.id for drive in machine.drives)
    return frozenset(word for word, count in counts.items() if count > 1)
