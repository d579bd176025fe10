"""Node tree -> plain data, remembering where every key and value stands in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from provisioner.plan.problems import Keys, Problem, printable

_TAG = "tag:yaml.org,2002:"
# Of YAML's own types those that a plan has no use for.
_TYPES = frozenset(_TAG + name for name in ("binary", "set", "omap", "pairs", "int", "float", "bool", "timestamp"))
# A date is text in a plan, and so are `=` and `<<`, which YAML 1.1 gives types of their own.
TEXTS = frozenset({"timestamp", "value", "merge"})
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_TRUE_OR_FALSE = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file; line and column count from 1. `file` is '' in the plan itself."""

    line: int
    col: int
    file: str = ""

    def problem(self, wrong: str, right: str) -> Problem:
        return Problem(self.line, self.col, wrong, right, self.file)


@dataclass
class Tree:
    """The plain data of a plan and where each piece of it stands.

    `written` keeps how true/false values were spelt. `tags` names YAML tags of text that are taken, `tagged` where they
    stand. `texts` names YAML's own types that are text here too. What is below a key of which `free` is true may be
    whatever YAML can say. `refused` holds the places whose values already have a problem in `problems`; `data` has None
    there.
    """

    data: Any = None
    keys: dict[Keys, Position] = field(default_factory=dict)
    values: dict[Keys, Position] = field(default_factory=dict)
    written: dict[Keys, str] = field(default_factory=dict)
    refused: set[Keys] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    tags: frozenset[str] = frozenset()
    texts: frozenset[str] = TEXTS
    free: Callable[[str], bool] = lambda name: False
    tagged: dict[Keys, str] = field(default_factory=dict)
    file: str = ""

    def value_at(self, path: Keys) -> Position:
        """Where the value stands; for one that is not there, the nearest thing around it."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, Position(1, 1))

    def key_at(self, path: Keys) -> Position:
        """Where the key stands; list items and absent keys fall back to `value_at`."""
        return self.keys.get(path) or self.value_at(path)

    def is_free(self, path: Keys) -> bool:
        """Whether the place is below a key whose values are nobody's business here."""
        return bool(path) and self.free(str(path[0]))

    def refuse(self, path: Keys, at: Position, wrong: str, right: str) -> None:
        self.problems.append(at.problem(wrong, right))
        self.refused.add(path)


def build_tree(
    root: yaml.Node,
    tags: frozenset[str] = frozenset(),
    texts: frozenset[str] = TEXTS,
    free: Callable[[str], bool] = lambda name: False,
    file: str = "",
) -> Tree:
    """The tree of a composed document, with problems such as duplicate keys; for the other arguments see Tree."""
    tree = Tree(tags=tags, texts=texts, free=free, file=file)
    tree.data = _value(tree, (), root)
    return tree


def _position(tree: Tree, node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1, tree.file)


def _value(tree: Tree, path: Keys, node: yaml.Node) -> Any:
    tree.values[path] = _position(tree, node)
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        return _mapping(tree, path, node)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return [_value(tree, (*path, i), item) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and node.tag in tree.tags:
        tree.tagged[path] = node.tag
        return str(node.value)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(tree, path, node)
    return _unknown_tag(tree, path, node)


def _mapping(tree: Tree, path: Keys, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node, inherited in _pairs(tree, path, node):
        at = _position(tree, key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            tree.refuse((*path, "?"), at, "a key that is a list or a mapping", "write a word")
            continue
        key = str(key_node.value)
        here = (*path, key)
        if key in found:
            if not inherited:
                _refuse_duplicate(tree, here, at)
            continue
        if key_node.tag == _TAG + "bool" and not (path and tree.is_free(path)):
            truth = str(_TRUE_OR_FALSE.get(key.lower(), key)).lower()
            wrong = f"YAML reads the bare key {key} as {truth}"
            tree.problems.append(at.problem(wrong, f'write "{key}" in quotes'))
        tree.keys[here] = at
        found[key] = _value(tree, here, value_node)
    return found


def _pairs(
    tree: Tree, path: Keys, node: yaml.MappingNode, inherited: bool = False
) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
    """Key and value nodes: the mapping's own first, then those of its `<<: *defaults`."""
    sources: list[yaml.Node] = []
    for key_node, value_node in node.value:
        if key_node.tag != _TAG + "merge":
            yield key_node, value_node, inherited
        elif isinstance(value_node, yaml.SequenceNode):
            sources += value_node.value
        else:
            sources.append(value_node)
    for source in sources:
        if isinstance(source, yaml.MappingNode):
            yield from _pairs(tree, path, source, inherited=True)
        else:
            at = _position(tree, source)
            tree.refuse((*path, "<<"), at, "`<<` merges mappings only", "write `<<: *anchor`")


def _refuse_duplicate(tree: Tree, here: Keys, at: Position) -> None:
    first = tree.keys[here].line
    name = printable(str(here[-1]))
    is_blade = here[:-1] in (("blades",), ("nodes",))
    what = f"blade {name} is planned twice" if is_blade else f"duplicate key `{name}`"
    tree.problems.append(at.problem(f"{what} (first on line {first})", "keep one of them"))


def _scalar(tree: Tree, path: Keys, node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    if kind == "str" or kind in tree.texts:
        return text
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in _TRUE_OR_FALSE:
        tree.written[path] = text
        return _TRUE_OR_FALSE[text.lower()]
    if kind == "int":
        return int(text) if _DECIMAL.fullmatch(text) else _odd_number(tree, path, text)
    if kind == "float":
        return float(text) if _FRACTION.fullmatch(text) else _odd_number(tree, path, text)
    if kind in TEXTS:
        return _no_text(tree, path, text, kind)
    return _unknown_tag(tree, path, node)


def _no_text(tree: Tree, path: Keys, text: str, kind: str) -> None:
    """Ansible gives the roles a date as such; it stops at the other two, wherever they stand."""
    if kind == "timestamp" and tree.is_free(path):
        return
    short = printable(text)
    wrong = f"YAML reads {short} as a date" if kind == "timestamp" else f"YAML does not read a bare {short} as text"
    tree.refuse(path, tree.values[path], wrong, f'write "{short}" in quotes')


def _odd_number(tree: Tree, path: Keys, text: str) -> None:
    """YAML 1.1 reads 010 as 8, 1:30 as 90 and 1_0 as 10; nobody means that in a plan."""
    if tree.is_free(path):
        return
    short = printable(text)
    right = f'put "{short}" in quotes for text, or write a plain number'
    if re.fullmatch(r"[-+]?0[0-7]{1,9}", text):
        wrong = f"YAML reads {short} as the octal number {int(text, 8)}"
        right = f"write {int(text)}, or {int(text, 8)} if that is meant"
    elif re.fullmatch(r"0[xb][0-9a-fA-F]{1,9}|[0-9][0-9_]{1,17}", text):
        number = int(text.replace("_", ""), 0 if text[1] in "xb" else 10)
        wrong, right = f"{short} is an unusual way to write {number}", f"write {number}"
    elif ":" in text:
        wrong = f"YAML reads {short} as a number of base 60"
    else:
        wrong = f"{short} is an unusual way to write a number"
    tree.refuse(path, tree.values[path], wrong, right)


def _unknown_tag(tree: Tree, path: Keys, node: yaml.Node) -> None:
    if tree.is_free(path) and node.tag in _TYPES:
        return
    tag = printable(node.tag.replace(_TAG, "!!"))
    tree.refuse(path, _position(tree, node), f"there is no tag {tag} here", "remove it")
