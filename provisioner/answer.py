"""What a module on a blade answered, made harmless before Ansible takes it. Pure.

A hostile blade answers whatever it likes to any module. Ansible keeps, copies and templates answers in the one
process that works for all blades, where a wrong type, a deep nesting or a hundred megabytes would end the run for
everybody. So an answer is cut to what a run uses; one that cannot be is turned into a failure of its blade.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.blade_shape import FACTS

LARGEST = 16 * 2**20
"""Bytes of one answer. The facts of a controller with a thousand nodes are below 4 MiB."""
DEEPEST = 16
"""Levels of nesting; Python's own limit would be met in the process that works for all blades."""
MOST_VALUES = 200_000
"""Values in one answer; each costs some hundred bytes, several times."""
LOOK = "find out what answers there as /usr/bin/python3 (see it with -vvv); if in doubt, reimage it"

_FACT_NAME = re.compile(r"(?!ansible_|discovered_)[a-z][a-z0-9_]{0,63}")
_FLAGS = ("changed", "failed", "skipped", "unreachable")
# Ansible gives these a meaning of its own; no module of a run has to.
_ANSIBLES_OWN = {
    "add_group", "add_host", "ansible_stats", "attempts", "deprecations", "failed_when_result", "include",
    "include_args", "results", "retries",
}  # fmt: skip


def bulky(raw: bytes) -> bool:
    """Whether the answer would take hundreds of megabytes once it is read: small values, or short lines, by millions.

    Commas and brackets inside of texts count as well; the files of a controller have some thousand.
    """
    return sum(raw.count(mark) for mark in (b",", b"[", b"{")) > 10 * MOST_VALUES or raw.count(b"\n") > MOST_VALUES


def checked_answer(data: Mapping[str, Any]) -> dict[str, Any]:
    """The answer without what it must not have, or the failure that it is."""
    if trouble := size_trouble(data):
        return failure(f"its answer {trouble}")
    kept = {key: value for key, value in data.items() if _may_stay(key, value)}
    facts = kept.get("ansible_facts", {})
    if not isinstance(facts, dict):
        return failure("its facts are no named values")
    for name, fact in facts.items():
        if not _FACT_NAME.fullmatch(name):
            return failure("it sets facts that are none of its business")
        if problem := FACTS[name](fact) if name in FACTS else "":
            return failure(f"its facts are not usable: {name}: {problem}")
    return kept


def failure(sentence: str) -> dict[str, Any]:
    """The answer in place of one that cannot be taken."""
    return {"failed": True, "changed": False, "msg": f"{sentence}; next: {LOOK}"}


def size_trouble(data: Any) -> str:
    """What is wrong with the size of the data, '' when nothing is."""
    level, count = [data], 0
    for _ in range(DEEPEST):
        count += len(level)
        if count > MOST_VALUES:
            return f"has more than {MOST_VALUES} values"
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return ""
    return f"is nested more than {DEEPEST} levels deep"


def fits(data: Any, most: int) -> bool:
    """Whether all text and all values in the data are at most so much; stops looking once they are not."""
    left, rest = most, [data]
    while rest and left > 0:
        value = rest.pop()
        left -= len(value) + 1 if isinstance(value, str) else 1
        rest.extend(_inside(value))
        left -= sum(len(key) for key in value if isinstance(key, str)) if isinstance(value, dict) else 0
    return left > 0


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _may_stay(key: str, value: Any) -> bool:
    if key in _ANSIBLES_OWN or (key.startswith(("_ansible", "ansible_")) and key != "ansible_facts"):
        return False
    if key in _FLAGS:
        return isinstance(value, bool)
    if key == "warnings":
        return isinstance(value, list)
    if key == "diff":
        return all(isinstance(one, dict) for one in (value if isinstance(value, list) else [value]))
    return not (key == "rc" and not isinstance(value, int)) and not (key == "msg" and not isinstance(value, str))
