"""A plan with its unusable values left out: what is there has the right type, anything may be missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from provisioner.plan.positions import Position, Tree
from provisioner.plan.problems import Keys, Problem
from provisioner.plan.ranges import Expansion, expand


@dataclass(frozen=True)
class Draft:
    """The usable part of `tree`. `blades`, `tiers`, `partitions` and `stock` are raw mappings by name.

    A blade out of a node set has its own name and values; its problems stand where the set is written.
    """

    tree: Tree
    data: dict[str, Any]
    nodes: Expansion

    @property
    def blades(self) -> dict[str, dict[str, Any]]:
        return self.nodes.blades

    @cached_property
    def tiers(self) -> dict[str, dict[str, Any]]:
        return self.mappings("tiers")

    @cached_property
    def stock(self) -> dict[str, dict[str, Any]]:
        return self.mappings("stock")

    @cached_property
    def partitions(self) -> dict[str, dict[str, Any]]:
        return self.mappings("partitions")

    @cached_property
    def preemption(self) -> dict[str, Any]:
        """What the plan says of preemption, in its long form."""
        said = self.data.get("preemption")
        return {"by": said} if isinstance(said, str) else said if isinstance(said, dict) else {}

    @cached_property
    def logins(self) -> list[str]:
        """The usable names of login nodes."""
        said = self.data.get("login")
        named = said if isinstance(said, list) else [said]
        return [name for name in named if isinstance(name, str)]

    @property
    def cluster(self) -> dict[str, Any]:
        return self.data.get("cluster") or {}

    @cached_property
    def enclosures(self) -> dict[str, dict[str, Any]]:
        """The enclosures by name; the only one of a plan without `enclosures` is called ''."""
        return self.mappings("enclosures") or {"": self.data.get("enclosure") or {}}

    def enclosure_of(self, blade: str) -> str | None:
        """The name of the enclosure that a blade is in; None while it is not known."""
        named = self.blades[blade].get("enclosure")
        if named is None and len(self.enclosures) == 1:
            return next(iter(self.enclosures))
        return named if named in self.enclosures else None

    def bays(self, enclosure: str) -> int:
        return int(self.enclosures[enclosure].get("bays") or 16)

    def tier_of(self, blade: str) -> dict[str, Any]:
        """The tier of a blade; empty while it is unknown."""
        return self.tiers.get(self.blades[blade].get("tier", ""), {})

    def knows(self, *path: str | int) -> bool:
        """Whether the value was written, usable or not."""
        return self.nodes.written(path) in self.tree.values

    def at_value(self, path: Keys, wrong: str, right: str) -> Problem:
        return self.tree.value_at(self.nodes.written(path)).problem(wrong, right)

    def at_key(self, path: Keys, wrong: str, right: str) -> Problem:
        return self.tree.key_at(self.nodes.written(path)).problem(wrong, right)

    def where(self, path: Keys, seen_from: Keys) -> str:
        """`line 20` of a key, and of which file when the reader is in another one."""
        return self._where(self.tree.key_at(self.nodes.written(path)), seen_from)

    def where_value(self, path: Keys, seen_from: Keys) -> str:
        """The same of a value."""
        return self._where(self.tree.value_at(self.nodes.written(path)), seen_from)

    def _where(self, at: Position, seen_from: Keys) -> str:
        same = at.file == self.tree.value_at(self.nodes.written(seen_from)).file
        return f"line {at.line}" if same else f"line {at.line} of {at.file or 'the plan'}"

    def mappings(self, section: str) -> dict[str, dict[str, Any]]:
        """The entries of a section that are mappings themselves, by name."""
        found = self.data.get(section)
        entries = found.items() if isinstance(found, dict) else ()
        return {name: entry for name, entry in entries if isinstance(entry, dict)}


def make_draft(tree: Tree, unusable: Collection[Keys]) -> Draft:
    """The draft of a tree whose values at the `unusable` places are dropped (None within lists)."""
    dropped = {*unusable, *tree.refused}
    data = _pruned(tree.data, (), dropped)
    usable = data if isinstance(data, dict) else {}
    return Draft(tree, usable, expand(usable.get("blades"), tree))


def _pruned(value: Any, path: Keys, dropped: Collection[Keys]) -> Any:
    if path in dropped:
        return None
    if isinstance(value, dict):
        return {
            key: _pruned(entry, (*path, key), dropped) for key, entry in value.items() if (*path, key) not in dropped
        }
    if isinstance(value, list):
        return [_pruned(entry, (*path, i), dropped) for i, entry in enumerate(value)]
    return value
