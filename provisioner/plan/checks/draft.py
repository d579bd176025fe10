"""A plan with its unusable values left out: what is there has the right type, anything may be missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from provisioner.plan.positions import Tree
from provisioner.plan.problems import Keys, Problem


@dataclass(frozen=True)
class Draft:
    """The usable part of `tree`. `blades`, `tiers` and `stock` are raw mappings by name."""

    tree: Tree
    data: dict[str, Any]

    @cached_property
    def blades(self) -> dict[str, dict[str, Any]]:
        return self.mappings("blades")

    @cached_property
    def tiers(self) -> dict[str, dict[str, Any]]:
        return self.mappings("tiers")

    @cached_property
    def stock(self) -> dict[str, dict[str, Any]]:
        return self.mappings("stock")

    @property
    def cluster(self) -> dict[str, Any]:
        return self.data.get("cluster") or {}

    @property
    def bays(self) -> int:
        return int((self.data.get("enclosure") or {}).get("bays", 16))

    def tier_of(self, blade: str) -> dict[str, Any]:
        """The tier of a blade; empty while it is unknown."""
        return self.tiers.get(self.blades[blade].get("tier", ""), {})

    def knows(self, *path: str | int) -> bool:
        """Whether the value was written, usable or not."""
        return path in self.tree.values

    def at_value(self, path: Keys, wrong: str, right: str) -> Problem:
        at = self.tree.value_at(path)
        return Problem(at.line, at.col, wrong, right)

    def at_key(self, path: Keys, wrong: str, right: str) -> Problem:
        at = self.tree.key_at(path)
        return Problem(at.line, at.col, wrong, right)

    def line_of(self, path: Keys) -> int:
        return self.tree.value_at(path).line

    def mappings(self, section: str) -> dict[str, dict[str, Any]]:
        """The entries of a section that are mappings themselves, by name."""
        found = self.data.get(section) or {}
        return {name: entry for name, entry in found.items() if isinstance(entry, dict)}


def make_draft(tree: Tree, unusable: Collection[Keys]) -> Draft:
    """The draft of a tree whose values at the `unusable` places are dropped (None within lists)."""
    dropped = {*unusable, *tree.refused}
    data = _pruned(tree.data, (), dropped)
    return Draft(tree, data if isinstance(data, dict) else {})


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
