"""Whether a value is what an option of a role takes. Values are never shown: they may be secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from provisioner.plan.problems import Keys, did_you_mean, printable
from provisioner.settings.known import Option

_TEMPLATE = ("{{", "{%", "{#")
Finding = tuple[Keys, bool, str, str]
"""Where below the variable, whether the key is meant there, what is wrong, and what would be right."""

_IS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str | int | float) and not isinstance(value, bool),
    "path": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "dict": lambda value: isinstance(value, Mapping),
    "raw": lambda value: True,
}
_WANTED = {
    "str": "text",
    "path": "a path",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list such as [a, b]",
    "dict": "keys with values such as {a: 1}",
}


def is_template(value: Any) -> bool:
    """Whether Ansible makes the value when it is used, so that nobody knows it before."""
    return isinstance(value, str) and any(mark in value for mark in _TEMPLATE)


def leaves(value: Any) -> Iterator[Any]:
    """What is in a value, however deep, and is neither a list nor keys."""
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from leaves(item)
    else:
        yield value


def findings(option: Option, value: Any, path: Keys = ()) -> Iterator[Finding]:
    """What is wrong with the value of an option, and of what is in it."""
    if is_template(value):
        return
    kind = str(option.get("type", "str"))
    if not _IS[kind](value):
        yield path, False, f"{_name_of(value)}, where {_WANTED[kind]} is wanted", f"write {_WANTED[kind]}"
        return
    if choices := option.get("choices"):
        if value not in choices:
            yield path, False, "none of the values that there are", f"use one of: {', '.join(map(str, choices))}"
    elif kind == "list":
        inner = {"type": option.get("elements", "raw"), **{key: option[key] for key in ("options",) if key in option}}
        for index, item in enumerate(value):
            yield from findings(inner, item, (*path, index))
    elif kind == "dict" and "options" in option:
        yield from _keys(option["options"], value, path)


def _keys(options: Mapping[str, Option], value: Mapping[str, Any], path: Keys) -> Iterator[Finding]:
    for key, item in value.items():
        if key in options:
            yield from findings(options[key], item, (*path, key))
        else:
            yield (*path, key), True, f"there is no key {printable(str(key))} here", did_you_mean(str(key), options)
    for key, option in options.items():
        if option.get("required") and key not in value:
            yield path, False, f"the key {key} is missing", f"add `{key}:`"


def template_problems(value: Any, path: Keys = ()) -> Iterator[Finding]:
    """Templates that no Jinja can read, anywhere in a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from template_problems(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from template_problems(item, (*path, index))
    elif is_template(value):
        yield from ((path, False, wrong, right) for wrong, right in _unreadable(value))


def _unreadable(template: str) -> Iterator[tuple[str, str]]:
    # Jinja takes a moment to load; a site without templates never needs it.
    from jinja2 import Environment, TemplateSyntaxError
    from jinja2.filters import FILTERS
    from jinja2.nodes import Filter

    try:
        parsed = Environment(autoescape=False).parse(template)
    except TemplateSyntaxError as error:
        yield f"a template that does not parse ({error.message})", "correct what is between the braces"
        return
    for name in dict.fromkeys(node.name for node in parsed.find_all(Filter)):
        if name not in FILTERS and (near := get_close_matches(name, _filters(), n=1, cutoff=0.8)) and near != [name]:
            yield f"there is no filter {printable(name)}", f"did you mean {near[0]}?"


@cache
def _filters() -> tuple[str, ...]:
    """Jinja's and Ansible's own filters; another one is known to a run only, unless it is nearly one of these."""
    # Loaded only when a template has one that is not Jinja's.
    from ansible.plugins.filter import core, encryption, mathstuff, urls, urlsplit
    from jinja2.filters import FILTERS

    modules = (core, encryption, mathstuff, urls, urlsplit)
    return tuple(sorted({*FILTERS, *(name for module in modules for name in module.FilterModule().filters())}))


def _name_of(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "keys with values"
    return {list: "a list", str: "text", int: "a number", float: "a number"}.get(type(value), "something else")
