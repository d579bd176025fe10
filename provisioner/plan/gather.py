"""Puts a plan together: the files that it includes, and `nodes:` as `blades:`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.plan.fields import INCLUDED
from provisioner.plan.positions import Position, Tree, build_tree
from provisioner.plan.problems import Keys, Problem, UnreadableError, did_you_mean, printable, shown
from provisioner.plan.source import read_source
from provisioner.plan.syntax import compose

SECTIONS = ("blades", "nodes")


def gather(tree: Tree, path: Path) -> None:
    """Moves all blades of a plan into its `blades`; what is wrong with the files is added to the tree's problems.

    Args:
        tree: the plan's own file, a mapping.
        path: its path; what it includes is beside it.
    """
    _move(tree, tree, "nodes")
    for place, name in _included(tree):
        file = path.with_name(name)
        try:
            found = _read(file)
        except UnreadableError as error:
            tree.refused.add(place)
            tree.problems.append(_unread(tree, place, file, error.problem))
            continue
        tree.problems += found.problems
        for section in SECTIONS:
            _move(tree, found, section)


def _unread(tree: Tree, place: Keys, file: Path, problem: Problem) -> Problem:
    """What is wrong within a file stands there, that there is none where it is named."""
    if file.is_file():
        return replace(problem, file=str(file))
    return tree.value_at(place).problem(f"{file.name}: {problem.wrong}", "name a file beside the plan")


def _included(tree: Tree) -> list[tuple[Keys, str]]:
    """The files that can be read; other entries get their problem from the shape."""
    entries = tree.data.get("include")
    found: list[tuple[Keys, str]] = []
    for number, name in enumerate(entries if isinstance(entries, list) else []):
        place: Keys = ("include", number)
        if not isinstance(name, str) or not re.match(INCLUDED, name):
            continue
        if name in [other for _, other in found]:
            tree.refuse(place, tree.value_at(place), f"{name} is included twice", "keep one of them")
            continue
        found.append((place, name))
    return found


def _read(file: Path) -> Tree:
    """The tree of an included file, with what is no node in it among its problems."""
    root = compose(read_source(file))
    tree = build_tree(root, file=str(file))
    if not isinstance(tree.data, dict):
        at = tree.value_at(())
        raise UnreadableError(at.problem(f"the file is {shown(tree.data)}", "write `nodes:` at the left margin"))
    for key in list(tree.data):
        at = tree.key_at((key,))
        if key not in SECTIONS:
            wrong = f"`{printable(key)}` stands in a file that is included, which holds nodes only"
            tree.problems.append(at.problem(wrong, did_you_mean(key, SECTIONS, "write it in the plan itself")))
        elif not isinstance(tree.data[key], dict):
            wrong = f"{key} is {shown(tree.data[key])}"
            tree.problems.append(at.problem(wrong, "write a mapping of `key: value` lines"))
    return tree


def _move(tree: Tree, source: Tree, section: str) -> None:
    """Moves the blades of a section of a file into the `blades` of the tree."""
    entries = source.data.get(section)
    blades = tree.data.get("blades", {})
    if not isinstance(entries, dict) or not isinstance(blades, dict):
        return
    if source is tree:
        del tree.data[section]
    _move_places(tree, source, section, skipped=_twice(tree, source, section, entries, blades))
    tree.data["blades"] = {**blades, **{name: entry for name, entry in entries.items() if name not in blades}}


def _twice(tree: Tree, source: Tree, section: str, entries: dict[str, Any], blades: dict[str, Any]) -> set[str]:
    twice = entries.keys() & blades.keys()
    for name in twice:
        first, at = tree.key_at(("blades", name)), source.key_at((section, name))
        wrong = f"blade {printable(name)} is planned twice (first on {_seen_from(first, at)})"
        tree.problems.append(at.problem(wrong, "keep one of them"))
    return twice


def _seen_from(place: Position, reader: Position) -> str:
    return f"line {place.line}" if place.file == reader.file else f"line {place.line} of {place.file or 'the plan'}"


def _move_places(tree: Tree, source: Tree, section: str, skipped: set[str]) -> None:
    def moved(path: Keys) -> Keys | None:
        if path[:1] != (section,) or (len(path) > 1 and path[1] in skipped):
            return None
        return ("blades", *path[1:])

    def move(into: dict[Keys, Any], places: dict[Keys, Any]) -> None:
        for path, value in list(places.items()):
            if (target := moved(path)) is not None:
                into.setdefault(target, value)
                if source is tree:
                    del places[path]

    move(tree.keys, source.keys)
    move(tree.values, source.values)
    move(tree.written, source.written)
    tree.refused |= {target for path in source.refused if (target := moved(path)) is not None}
