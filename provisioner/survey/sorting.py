"""Which of the machines that were looked at can be nodes of one cluster; one sentence for each that cannot. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from provisioner.preflight import system_problems
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.survey.machine import Machine
from provisioner.survey.reach import Reach


@dataclass(frozen=True)
class Seen:
    """A machine that answered, and the way to it."""

    reach: Reach
    machine: Machine

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.reach.target.label

    def is_called(self, word: str) -> bool:
        """Whether a person means this one: by its name, by where ssh goes, or by what it calls itself."""
        target = self.reach.target
        names = (target.name, target.host, self.reach.address, self.machine.host_name)
        return word.lower() in {name.lower() for name in names if name}


@dataclass(frozen=True)
class LeftOut:
    """A machine that is not in the plan, why, and what a person does about it."""

    label: str
    why: str
    next_step: str


def sort_out(
    seen: Sequence[Seen], controller: str | None, own_ids: Collection[str], own_addresses: Collection[str]
) -> tuple[list[Seen], list[LeftOut]]:
    """The machines that can be nodes, in their order, and those that cannot.

    Args:
        controller: what a person named as controller; its release is that of the cluster.
        own_ids, own_addresses: machine-id and addresses of this machine, which is only meant where it was named.
    """
    named = next((each for each in seen if controller and each.is_called(controller)), None)
    rules: list[Callable[[Sequence[Seen]], Iterator[tuple[Seen, LeftOut]]]] = [
        _unfit,
        _twice,
        lambda left: _here(left, named, own_ids, own_addresses),
        lambda left: _mixed(left, named),
    ]
    kept, out = list(seen), list[LeftOut]()
    for rule in rules:
        found = list(rule(kept))
        refused = [id(each) for each, _ in found]
        kept = [each for each in kept if id(each) not in refused]
        out += [why for _, why in found]
    return kept, out


def remarks(kept: Sequence[Seen]) -> list[str]:
    """What a person should know of machines that are in the plan all the same."""
    owners: dict[str, list[str]] = defaultdict(list)
    for each in kept:
        owners[each.machine.machine_id].append(each.label)
    return [
        f"{', '.join(labels)} have one machine-id, so they were copied from one image; next: on all but one of them "
        "`rm /etc/machine-id && systemd-machine-id-setup`, then restart it"
        for number, labels in owners.items()
        if number and len(labels) > 1
    ]


def _unfit(seen: Sequence[Seen]) -> Iterator[tuple[Seen, LeftOut]]:
    for each in seen:
        machine = each.machine
        system = {"id": machine.os_id, "version_id": machine.release, "pretty_name": machine.os_name}
        facts = {"os": system, "init": machine.init, "machine_id": machine.machine_id, "read_only": machine.read_only}
        for problem in system_problems(facts):
            why, _, step = problem.partition("; next: ")
            yield each, LeftOut(each.label, why, step)
            break


def _twice(seen: Sequence[Seen]) -> Iterator[tuple[Seen, LeftOut]]:
    """One machine with two names: equal machine-ids alone may come from an image, equal MACs do not."""
    first: dict[tuple[str, str], Seen] = {}
    for each in seen:
        macs = [interface.mac for interface in each.machine.interfaces if interface.mac]
        keys = [(each.machine.machine_id, mac) for mac in macs]
        if other := next((first[key] for key in keys if key in first), None):
            step = f"leave one of the two out, or see who answers at {each.reach.address}"
            yield each, LeftOut(each.label, f"it is the same machine as {other.label}", step)
        else:
            first.update(dict.fromkeys(keys, each))


def _here(
    seen: Sequence[Seen], named: Seen | None, own_ids: Collection[str], own_addresses: Collection[str]
) -> Iterator[tuple[Seen, LeftOut]]:
    for each in seen:
        if each is named:
            continue
        if each.machine.machine_id in own_ids or each.reach.address in own_addresses:
            step = f"if it is to be the controller, say so: --controller {each.label}"
            yield each, LeftOut(each.label, "it is this machine, which a run would change", step)


def _mixed(seen: Sequence[Seen], named: Seen | None) -> Iterator[tuple[Seen, LeftOut]]:
    """One Slurm release: that of the named controller, else of most machines, else the newer one."""
    counts = Counter(each.machine.release for each in seen)
    if len(counts) < 2:
        return
    newest = list(SLURM_OF_DEBIAN)
    most = max(counts, key=lambda release: (counts[release], newest.index(release)))
    wanted = named.machine.release if named in seen and named else most
    for each in seen:
        if (own := each.machine.release) != wanted:
            what = f"it runs Debian {own} and the others Debian {wanted}; a cluster has one release of Slurm"
            yield each, LeftOut(each.label, what, f"image it with Debian {wanted}, or make it a cluster of its own")
