"""Runs on the blade that was taken over: changes the answer of a module at places of chance. Standard library only."""

from __future__ import annotations

import copy
import json
import re
from random import Random
from typing import Any


def expanded(value: Any) -> Any:
    """The long ones at their length; a copy, since what is in it may be changed next."""
    return value["repeat"] * value["times"] if isinstance(value, dict) and "repeat" in value else copy.deepcopy(value)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every mapping and list with each of its keys."""
    rest, found = [value], []
    while rest:
        one = rest.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one))) if isinstance(one, list) else []
        found += [(one, key) for key in keys]
        rest += [one[key] for key in keys]
    return found


def mutated(data: dict[str, Any], seed: str, values: list[Any]) -> str:
    """The answer with one to three changes; other answers than the facts are left alone most of the time."""
    random = Random(seed)
    facts = data.get("ansible_facts", {}).get("blade")
    if facts is None and random.random() < 0.8:
        return json.dumps(data)
    for _ in range(random.choice((1, 1, 2, 3))):
        found = places(facts if facts is not None else data)
        if not found:
            break
        where, key = random.choice(found)
        value = expanded(random.choice(values))
        kind = random.random()
        if facts is not None and facts.get("slurmd_c") and kind < 0.25:
            numbers = re.findall(r"=\d+", str(facts["slurmd_c"]))
            facts["slurmd_c"] = str(facts["slurmd_c"]).replace(random.choice(numbers or ["="]), f"={value}")
        elif kind < 0.75:
            where[key] = value
        elif kind < 0.9:
            del where[key]
        elif isinstance(where, dict):
            where[str(value)[:1000]] = where.pop(key)
    return json.dumps(data)
