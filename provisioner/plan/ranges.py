"""Node sets in a plan: `node[001-040]` becomes forty blades, whose addresses and bays count up. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from ClusterShell.NodeSet import NodeSet, NodeSetException

from provisioner.plan.fields import NODE_NAMES
from provisioner.plan.positions import Position, Tree
from provisioner.plan.problems import Keys, Problem, printable

MOST_NODES = 10_000
# What is that of one machine and no other.
_OWN = ("mac", "serial", "host_key")


@dataclass
class Expansion:
    """The blades of a plan by their own names, and the node set that each was written in."""

    blades: dict[str, dict[str, Any]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def written(self, path: Keys) -> Keys:
        """Where something of a blade stands in the plan."""
        if path[:1] == ("blades",) and len(path) > 1 and path[1] in self.origins:
            return ("blades", self.origins[str(path[1])], *path[2:])
        return path


def expand(entries: Any, tree: Tree) -> Expansion:
    """The blades of the section `blades` as it is written; what is not usable in it is left out."""
    found = Expansion()
    for key, entry in entries.items() if isinstance(entries, dict) else ():
        if not isinstance(entry, dict):
            continue
        at = tree.key_at(("blades", key))
        try:
            names = names_in(key)
        except ValueError as error:
            found.problems.append(at.problem(f'"{printable(key)}" is no node set: {error}', "write node[001-040]"))
            continue
        if len(found.blades) + len(names) > MOST_NODES:
            wrong = f"{printable(key)} makes more than {MOST_NODES} blades of the plan"
            found.problems.append(at.problem(wrong, "write a smaller set"))
            continue
        if len(names) > 1:
            found.problems += _own_problems(key, entry, tree)
        _add(found, key, entry, names, tree)
    return found


def names_in(key: str) -> list[str]:
    """The names that a node set means, in the order of their numbers.

    Raises:
        ValueError: with the reason, for a set that cannot be read or has more than MOST_NODES names.
    """
    # Other forms are problems of the shape.
    if "[" not in key or not re.search(NODE_NAMES, key):
        return [key]
    size = 1
    for ranges in re.findall(r"\[([^\]]*)\]", key):
        size *= sum(map(_range_size, ranges.split(",")))
    if size > MOST_NODES:
        raise ValueError(f"more than {MOST_NODES} names")
    try:
        return list(NodeSet(key))
    except (NodeSetException, ValueError) as error:
        raise ValueError(printable(str(error))) from None


def _range_size(text: str) -> int:
    ends = re.fullmatch(r"([0-9]{1,12})-([0-9]{1,12})(/[0-9]+)?", text.strip())
    if ends is None:
        return 1 if len(text) <= 12 else MOST_NODES + 1
    return max(int(ends[2]) - int(ends[1]) + 1, 1)


def _add(found: Expansion, key: str, entry: dict[str, Any], names: Sequence[str], tree: Tree) -> None:
    for number, name in enumerate(names):
        if name in found.blades:
            at, other = tree.key_at(("blades", key)), found.origins.get(name, name)
            line = tree.key_at(("blades", other)).line
            wrong = f"blade {printable(name)} is planned twice (in {printable(other)} on line {line} too)"
            found.problems.append(at.problem(wrong, "keep one of them"))
            continue
        if name != key:
            found.origins[name] = key
        try:
            found.blades[name] = counted_up(entry, number) if number else entry
        except ValueError as error:
            wrong = f"{printable(key)} counts up beyond the last address: {error}"
            found.problems.append(tree.key_at(("blades", key)).problem(wrong, "begin with a lower address"))
            return


def counted_up(entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What is written of a set, for the blade that comes that many after the first.

    Raises:
        ValueError: there is no such address.
    """
    changed: dict[str, Any] = dict(entry)
    for key in ("address", "address6"):
        if changed.get(key) is not None:
            changed[key] = _later(changed[key], number)
    if changed.get("bay") is not None:
        changed["bay"] += number
    if isinstance(networks := changed.get("networks"), dict):
        changed["networks"] = {name: _later(address, number) for name, address in networks.items()}
    if isinstance(ssh := changed.get("ssh"), dict) and ssh.get("address") is not None:
        changed["ssh"] = {**ssh, "address": _later(ssh["address"], number)}
    return changed


def _later(address: str, number: int) -> str:
    return str(ip_address(address) + number)


def _own_problems(key: str, entry: Mapping[str, Any], tree: Tree) -> Iterator[Problem]:
    places: list[Keys] = [("blades", key, name) for name in _OWN if entry.get(name) is not None]
    disks = entry.get("disks")
    for number, disk in enumerate(disks if isinstance(disks, list) else []):
        if isinstance(disk, dict) and disk.get("id") is not None:
            places.append(("blades", key, "disks", number, "id"))
    for place in places:
        wrong = f"{place[-1]} of {printable(key)} would be the same on several blades"
        yield tree.key_at(place).problem(wrong, "write those blades out, each with its own, or leave it out")


def one_of_each(problems: Iterable[Problem], expansion: Expansion, tree: Tree) -> list[Problem]:
    """The problems without those that are the same for each blade of a set: the first of them stays."""
    sets = set(expansion.origins.values())
    places: set[Position] = set()
    if sets:
        for known in (tree.keys, tree.values):
            places |= {at for path, at in known.items() if path[:1] == ("blades",) and set(path[1:2]) & sets}
    kept: dict[object, Problem] = {}
    for problem in problems:
        at = Position(problem.line, problem.col, problem.file)
        kind = (at, re.sub(r"[0-9a-f]+", "#", problem.wrong)) if at in places else problem
        kept.setdefault(kind, problem)
    return list(kept.values())
