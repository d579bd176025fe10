"""What a value may be that somebody else has told: text, numbers, records and lists of them. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.console_text import their_words

# Looks at a value and says what is wrong with it, '' when nothing is.
Check = Callable[[Any], str]

PRINTED = r"[^\x00-\x1f\x7f]*"
ANYTHING = r"(?s:.*)"


def text(most: int, form: str = PRINTED) -> Check:
    """Text of at most so many characters, all of which are of the form."""
    pattern = re.compile(form)

    def check(value: Any) -> str:
        if not isinstance(value, str):
            return f"is {_kind(value)}, not text"
        if len(value) > most:
            return f"has {len(value)} characters, more than {most}"
        return "" if pattern.fullmatch(value) else "has characters that do not belong there"

    return check


def number(low: float, high: float) -> Check:
    """A number within a range."""

    def check(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"is {_kind(value)}, not a number"
        if math.isfinite(value) and low <= value <= high:
            return ""
        return f"is not between {low:g} and {high:g}"

    return check


def whole(low: int, high: int) -> Check:
    """A whole number within a range."""
    between = number(low, high)
    return lambda value: "is not a whole number" if isinstance(value, float) else between(value)


def flag(value: Any) -> str:
    """True or false."""
    return "" if isinstance(value, bool) else f"is {_kind(value)}, not true or false"


def null_or(check: Check) -> Check:
    """Nothing, or a value of this shape."""
    return lambda value: "" if value is None else check(value)


def nothing_or(check: Check) -> Check:
    """No named values at all, or values of this shape."""
    return lambda value: "" if value == {} else check(value)


def record(needed: Mapping[str, Check], also: Mapping[str, Check] | None = None) -> Check:
    """Named values, of which the needed ones are there."""
    known = {**needed, **(also or {})}

    def check(value: Any) -> str:
        if not isinstance(value, Mapping):
            return f"is {_kind(value)}, not named values"
        if missing := needed.keys() - value.keys():
            return f"lacks {', '.join(sorted(missing))}"
        return _first((name, known[name](value[name])) for name in known if name in value)

    return check


def each(check_name: Check, check_value: Check, most: int = 1000) -> Check:
    """Values of one shape by names of one shape."""

    def check(value: Any) -> str:
        if not isinstance(value, Mapping):
            return f"is {_kind(value)}, not named values"
        if len(value) > most:
            return f"has {len(value)} entries, more than {most}"
        problems = ((name, check_name(name) or check_value(found)) for name, found in value.items())
        return _first((their_words(name, 40), problem) for name, problem in problems if problem)

    return check


def listed(check_one: Check, most: int = 1000) -> Check:
    """A list of values of one shape."""

    def check(value: Any) -> str:
        if not isinstance(value, list):
            return f"is {_kind(value)}, not a list"
        if len(value) > most:
            return f"has {len(value)} entries, more than {most}"
        return _first((f"entry {place}", check_one(found)) for place, found in enumerate(value, 1))

    return check


def _first(problems: Any) -> str:
    return next((f"{name} {problem}" for name, problem in problems if problem), "")


def _kind(value: Any) -> str:
    kinds = {type(None): "nothing", bool: "true or false", str: "text", list: "a list", dict: "named values"}
    return kinds.get(type(value), "a number")
