"""Writes the ids of disks into the text of a plan; every other byte stays as it was. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from provisioner.errors import UsageError
from provisioner.plan.load import parse_plan
from provisioner.plan.model import Plan
from provisioner.plan.node import DiskEntry
from provisioner.plan.problems import PlanError, UnreadableError

# Blade id -> position in its `disks` -> the ids of the disks that this entry stands for.
Ids = Mapping[str, Mapping[int, Sequence[str]]]
_Edit = tuple[int, int, str]


def with_ids(plan: Plan, ids: Ids) -> Plan:
    """The plan with these ids; an entry for several disks becomes as many entries."""
    blades = dict(plan.blades)
    for name, found in ids.items():
        disks = []
        for number, entry in enumerate(plan.blades[name].disks):
            named = [entry.model_copy(update={"id": one, "count": 1}) for one in found.get(number, ())]
            disks += named or [entry]
        blades[name] = plan.blades[name].model_copy(update={"disks": disks})
    return plan.model_copy(update={"blades": blades})


def adopted(text: str, path: Path, ids: Ids) -> str:
    """The text of the plan with these ids in it.

    Args:
        text: the plan as it is in the file, without a byte order mark.
        path: only names the plan in messages.

    Raises:
        UsageError: the plan is written in a way that cannot be edited safely.
    """
    plan = parse_plan(text, path)
    # The loader in Python: its marks count characters of this very text.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    edits = [edit for name, found in ids.items() for edit in _edits(text, root, name, plan, found)]
    changed = text
    for begin, end, new in sorted(edits, reverse=True):
        changed = changed[:begin] + new + changed[end:]
    try:
        same = parse_plan(changed, path) == with_ids(plan, ids)
    except (PlanError, UnreadableError):
        same = False
    if not same:
        raise _unsafe(", ".join(ids))
    return changed


def _edits(text: str, root: Any, name: str, plan: Plan, found: Mapping[int, Sequence[str]]) -> list[_Edit]:
    """What to replace in the text for one blade."""
    # One of a node set, or of a file that the plan includes, is in neither.
    sections = (_child(_child(root, section), name) for section in ("blades", "nodes"))
    disks = _child(next(filter(None, sections), None), "disks")
    if not isinstance(disks, yaml.SequenceNode) or len(disks.value) != len(plan.blades[name].disks):
        raise _unsafe(name)
    return [_edit(text, disks, number, plan.blades[name], ids) for number, ids in found.items()]


def _edit(text: str, disks: yaml.SequenceNode, number: int, blade: Any, ids: Sequence[str]) -> _Edit:
    item, entry = disks.value[number], blade.disks[number]
    begin, end = item.start_mark.index, item.end_mark.index
    if isinstance(item, yaml.MappingNode) and entry.count == 1 and not _has(item, "count"):
        return _insertion(text, item, ids[0])
    if not isinstance(item, yaml.ScalarNode) and not (item.flow_style and "#" not in text[begin:end]):
        raise _unsafe("a disk with a count over several lines")
    written = [_entry(entry, one) for one in ids]
    if disks.flow_style:
        return begin, end, ", ".join(written)
    return begin, end, f"{_newline(text)}{' ' * disks.start_mark.column}- ".join(written)


def _insertion(text: str, item: yaml.MappingNode, one: str) -> _Edit:
    """The id as one more key of a disk that is a mapping already."""
    if item.flow_style:
        behind = item.value[-1][1].end_mark.index
        return behind, behind, f", id: {_word(one)}"
    key, value = item.value[0]
    line_end = text.find("\n", value.end_mark.index)
    behind = len(text) if line_end < 0 else line_end - (text[line_end - 1] == "\r")
    return behind, behind, f"{_newline(text)}{' ' * key.start_mark.column}id: {_word(one)}"


def _entry(entry: DiskEntry, one: str) -> str:
    """One disk as a mapping on one line."""
    words = [f"size_gb: {entry.size_gb}"]
    if entry.type != "SAS":
        words.append(f"type: {json.dumps(entry.type, ensure_ascii=False)}")
    words.append(f"id: {_word(one)}")
    if entry.purpose:
        words.append(f"purpose: {entry.purpose}")
    if entry.note:
        words.append(f"note: {json.dumps(entry.note, ensure_ascii=False)}")
    return f"{{{', '.join(words)}}}"


def _word(one: str) -> str:
    return json.dumps(one) if ":" in one else one


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _child(node: Any, key: str) -> Any:
    """The value of a key that the mapping itself has; None for one that it inherits."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _has(node: yaml.MappingNode, key: str) -> bool:
    return any(name.value == key for name, _ in node.value)


def _unsafe(what: str) -> UsageError:
    return UsageError(
        f"the plan is written in a way that cannot be edited safely here: {what}",
        "write the lines by hand: `provision disks` prints them",
    )
