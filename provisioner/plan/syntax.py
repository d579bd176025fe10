"""YAML text -> node tree, with limits that are checked before anything is built or expanded."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from provisioner.plan.problems import Problem, UnreadableError

# libyaml when PyYAML was built with it, which all its wheels are; the other one only is slower.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The plan of a full enclosure has about 300 values.
MAX_NODES = 20_000
MAX_DEPTH = 20


def compose(text: str) -> yaml.Node:
    """The root node of the one document in `text`; at most 20 levels, 20 000 values after aliases.

    Raises:
        UnreadableError: YAML that does not parse, is nested too deep, or explodes; nothing but comments.
    """
    root = compose_any(text)
    if root is None:
        raise UnreadableError(Problem(1, 1, "there is nothing but comments", "write `cluster:`, `tiers:`, `blades:`"))
    return root


def compose_any(text: str, most: int = MAX_NODES) -> yaml.Node | None:
    """The same with so many values, and None for a text of nothing but comments."""
    try:
        _measure(text, most)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_explained(error, text)) from None
    except yaml.YAMLError as error:
        raise UnreadableError(Problem(1, 1, f"not YAML ({error})", "write YAML")) from None
    return root if isinstance(root, yaml.Node) else None


@dataclass
class _Extent:
    """How large a node is once its aliases are expanded."""

    nodes: int = 1
    levels: int = 1


def _measure(text: str, most: int) -> None:
    """Walks the events, which costs no recursion and no memory, and refuses what is out of bounds."""
    anchors: dict[str | None, _Extent] = {}
    open_nodes: list[tuple[_Extent, str | None]] = [(_Extent(), None)]
    documents = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(event, "a second document starts here", "write one document")
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((_Extent(), event.anchor))
            if len(open_nodes) > MAX_DEPTH:
                raise _refused(event, f"nested deeper than {MAX_DEPTH} levels", "write it flatter")
        elif isinstance(event, yaml.CollectionEndEvent):
            done, anchor = open_nodes.pop()
            if anchor:
                anchors[anchor] = done
            _add(open_nodes[-1][0], done, event, most)
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for _, anchor in open_nodes):
                raise _refused(event, f"*{event.anchor} contains itself", "write the values out")
            _add(open_nodes[-1][0], anchors.get(event.anchor, _Extent()), event, most)
        elif isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                anchors[event.anchor] = _Extent()
            _add(open_nodes[-1][0], _Extent(), event, most)


def _add(parent: _Extent, child: _Extent, event: yaml.Event, most: int) -> None:
    parent.nodes += child.nodes
    parent.levels = max(parent.levels, child.levels + 1)
    if parent.nodes > most:
        raise _refused(event, f"more than {most} values once aliases are expanded", "write less, or no aliases")
    if parent.levels > MAX_DEPTH:
        raise _refused(event, f"nested deeper than {MAX_DEPTH} levels", "write it flatter")


def _refused(event: yaml.Event, wrong: str, right: str) -> UnreadableError:
    at = event.start_mark
    return UnreadableError(Problem(at.line + 1 if at else 1, at.column + 1 if at else 1, wrong, right))


# What the parser says -> what is wrong, what would be right.
_EXPLANATIONS = {
    "cannot start any token": (
        "a value cannot start with this character",
        "put the value in quotes",
    ),
    "mapping values are not allowed": (
        "a `:` where no key can be",
        "check the indentation, or put text that has a `:` in quotes",
    ),
    "could not find expected ':'": ("the `:` after this key is missing", "write `key: value`"),
    "expected ',' or ']'": ("a `[` list goes on without a comma or `]`", "add the `,` or the `]`"),
    "expected ',' or '}'": ("a `{` mapping goes on without a comma or `}`", "add the `,` or the `}`"),
    "unexpected end of stream": ("a quote is opened and never closed", "close the quote"),
    "expected key": ("this line is indented like no line above", "line it up with its siblings"),
    "'-' indicator": ("a key stands where a list goes on", "start it with `- ` or indent it less"),
    "node content": ("a value is missing or a bracket is open", "close the brackets above"),
    "undefined alias": ("this alias has no anchor", "write the value, or `&name` before its first use"),
    "unknown escape": ("unknown escape in double quotes", "use single quotes"),
}


def _explained(error: yaml.MarkedYAMLError, text: str) -> Problem:
    said = error.problem or "unknown reason"
    mark = error.problem_mark or error.context_mark
    if "unexpected end of stream" in said and error.context_mark:
        mark = error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    if line < len(lines) and lines[line][column : column + 1] == "\t":
        wrong, right = "a tab in the indentation", "indent with spaces"
    else:
        wrong, right = next(
            (words for part, words in _EXPLANATIONS.items() if part in said),
            (f"YAML does not parse: {said}", "check indentation, quotes and brackets here"),
        )
    return Problem(line + 1, column + 1, wrong, right)
