"""Ways to spoil a plan, at the level of its bytes and at that of its values.

A new way is a function from a generator and the text to a text, with `@mutation` above it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import yaml

WORDS: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "plans.yml").read_text())
Mutation = Callable[[Random, bytes], bytes]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    """Makes a function known to the campaign."""
    MUTATIONS[function.__name__] = function
    return function


def _span(random: Random, raw: bytes, most: int = 80) -> tuple[int, int]:
    start = random.randrange(len(raw) + 1)
    return start, min(len(raw), start + random.randrange(1, most))


@mutation
def flipped_bits(random: Random, raw: bytes) -> bytes:
    """Some bytes are others."""
    changed = bytearray(raw)
    for _ in range(random.randrange(1, 6)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


@mutation
def cut_out(random: Random, raw: bytes) -> bytes:
    """A piece is missing."""
    start, end = _span(random, raw)
    return raw[:start] + raw[end:]


@mutation
def cut_off(random: Random, raw: bytes) -> bytes:
    """The end is missing, as after a full disk."""
    return raw[: random.randrange(len(raw) + 1)]


@mutation
def repeated(random: Random, raw: bytes) -> bytes:
    """A piece is there many times."""
    start, end = _span(random, raw)
    return raw[:start] + raw[start:end] * random.choice((2, 10, 1000)) + raw[end:]


@mutation
def inserted(random: Random, raw: bytes) -> bytes:
    """A piece of syntax where it does not belong."""
    at = random.randrange(len(raw) + 1)
    return raw[:at] + str(random.choice(WORDS["texts"])).encode() + raw[at:]


@mutation
def nested(random: Random, raw: bytes) -> bytes:
    """Brackets without end."""
    at = random.randrange(len(raw) + 1)
    return raw[:at] + random.choice((b"[", b"{", b"- ", b"{a: ", b"? ")) * random.choice((50, 5000)) + raw[at:]


@mutation
def shuffled_lines(random: Random, raw: bytes) -> bytes:
    """Two lines have changed places."""
    lines = raw.splitlines(keepends=True)
    if lines:
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


@mutation
def indented(random: Random, raw: bytes) -> bytes:
    """A line is indented by another depth."""
    lines = raw.splitlines(keepends=True)
    if lines:
        at = random.randrange(len(lines))
        lines[at] = b" " * random.randrange(6) + lines[at].lstrip(b" ")
    return b"".join(lines)


def _containers(value: Any) -> list[Any]:
    """Every mapping and list in a value that is not empty, once each: what many aliases name is one."""
    found: dict[int, Any] = {}
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict | list) and one and id(one) not in found:
            found[id(one)] = one
            rest += one.values() if isinstance(one, dict) else one
    return list(found.values())


def _of_values(change: Callable[[Random, Any, Any], None]) -> Mutation:
    """A mutation of a random place in the values: `change` gets the mapping or list, and a key or index of it."""

    def mutated(random: Random, raw: bytes) -> bytes:
        try:
            data = yaml.safe_load(raw)
        except (yaml.YAMLError, ValueError, RecursionError):
            return raw
        if not (found := _containers(data)):
            return raw
        container = random.choice(found)
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        change(random, container, random.choice(keys))
        try:
            return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")
        except RecursionError:
            return raw

    mutated.__name__ = change.__name__
    mutated.__doc__ = change.__doc__
    return mutation(mutated)


@_of_values
def other_value(random: Random, container: Any, key: Any) -> None:
    """Something else stands there."""
    container[key] = random.choice(WORDS["values"])


@_of_values
def other_key(random: Random, container: Any, key: Any) -> None:
    """It stands under another name."""
    if isinstance(container, dict):
        name = random.choice(WORDS["values"])
        container[str(name) if isinstance(name, dict | list | set) else name] = container.pop(key)


@_of_values
def no_value(random: Random, container: Any, key: Any) -> None:
    """It is not there."""
    del container[key]


@_of_values
def value_of_another(random: Random, container: Any, key: Any) -> None:
    """The value of its neighbour stands there."""
    container[key] = random.choice(list(container.values()) if isinstance(container, dict) else container)


@_of_values
def wrapped_value(random: Random, container: Any, key: Any) -> None:
    """The value is in a list or a mapping."""
    container[key] = random.choice(([container[key]], {"a": container[key]}, {key: container[key]}))


@_of_values
def long_value(random: Random, container: Any, key: Any) -> None:
    """The value is very long."""
    value = container[key]
    container[key] = value * 500 if isinstance(value, str | list) else int("9" * random.choice((20, 4000)))
