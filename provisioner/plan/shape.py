"""What pydantic finds wrong with the shape of a plan, in plain words and with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from provisioner.names import blade_id
from provisioner.plan import model
from provisioner.plan.positions import Tree
from provisioner.plan.problems import Keys, Problem, did_you_mean, printable, shown
from provisioner.plan.vocabulary import Vocabulary

MODELS: dict[Keys, type[BaseModel]] = {
    (): model.Plan,
    ("cluster",): model.Cluster,
    ("ssh",): model.Ssh,
    ("enclosure",): model.Enclosure,
    ("stock", "*"): model.Part,
    ("scratch",): model.Proving,
    ("accounting",): model.AccountingPlace,
    ("tiers", "*"): model.Tier,
    ("tiers", "*", "scratch"): model.Scratch,
    ("tiers", "*", "partition"): model.Partition,
    ("blades", "*"): model.Blade,
    ("blades", "*", "scratch"): model.Scratch,
    ("blades", "*", "disks", "*"): model.DiskEntry,
}
FORMS = {
    model.BLADE_ID: "use capital letters, digits and dashes, such as BLD-008",
    model.WORD: "use small letters, digits, - and _, starting with a letter, at most 31",
    model.USER_NAME: "use an account name: small letters, digits, - and _",
    model.DOMAIN_NAME: "use a DNS domain such as lab.example.org",
    model.PLAIN_TEXT: "use plain text without { } ` $ and control characters",
    model.DEVICE_PATH: "use a path such as /dev/disk/by-id/wwn-0x5000c500a1b2c3d4",
    model.KEY_FILE: "use a plain path such as ~/.ssh/id_ed25519",
    model.FINGERPRINT: "write what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints there: SHA256:...",
    model.PART_NUMBER: "use letters, digits, dots and dashes, such as RAM-007",
    model.MAX_TIME: 'use days and hours such as "7-00:00:00", minutes such as "90", or UNLIMITED',
}
_SINGULAR = {"blades": "", "tiers": "tier ", "stock": "part "}
# What would be right, where the field says more than the type.
_RIGHTS = {
    "ram": "write the installed GiB, or the list of sticks such as [4, 4]",
    "disks": "write a list such as [2 x 300 GB SAS]",
    "address": "write an IPv4 address such as 10.20.0.11",
    "network": "write a network such as 10.20.0.0/24",
    "host_key": "write a fingerprint such as SHA256:..., or a list of them",
    "accounting": "write false for none, or a blade such as {host: BLD-010}",
    "slurm": "write a list such as [compute], or [] for none",
}
PLAN = Vocabulary(
    whole="the plan",
    models=MODELS,
    forms=FORMS,
    singular=_SINGULAR,
    rights=_RIGHTS,
    names={"blades": "blade id", "tiers": "tier name", "stock": "part number"},
    missing={"controller": "no controller is named"},
)


@dataclass(frozen=True)
class ShapeProblem:
    """A problem and the place whose value cannot be used; None when the value is merely missing."""

    problem: Problem
    unusable: Keys | None


def shape_problems(errors: list[ErrorDetails], tree: Tree, words: Vocabulary = PLAN) -> Iterator[ShapeProblem]:
    """The plain words for pydantic's errors; those of already refused places are left out."""
    strangers: dict[tuple[int | str, ...], list[str]] = {}
    for error in errors:
        if error["type"] == "extra_forbidden":
            strangers.setdefault(error["loc"][:-1], []).append(str(error["loc"][-1]))
    for error in errors:
        path, on_key = _place(error["loc"], tree.data)
        if any(path[:n] in tree.refused for n in range(len(path) + 1)):
            continue
        if error["type"] == "missing":
            name = str(error["loc"][-1])
            # Under a name close to it the key is there, which is a problem of its own.
            if not get_close_matches(name, strangers.get(error["loc"][:-1], [])):
                yield ShapeProblem(_missing(path, name, tree, words), None)
        elif error["type"] == "extra_forbidden":
            yield ShapeProblem(_unknown_key(path, tree, words), path)
        elif on_key:
            if not _is_case_duplicate(path, tree):
                yield ShapeProblem(_bad_name(path, error, tree, words), None)
        else:
            at = tree.value_at(path)
            wrong, right = _bad_value(path, error, tree, words)
            yield ShapeProblem(Problem(at.line, at.col, wrong, right), path)


def label(path: Keys, words: Vocabulary = PLAN) -> str:
    """A place in words: `bay of BLD-008`, `name of cluster`, `disks[0].size_gb of BLD-007`."""
    head, rest = list(path[:1]), list(path[1:])
    owner = str(head[0]) if head else words.whole
    if owner in words.singular and rest:
        owner = words.singular[owner] + printable(str(rest.pop(0)))
    field = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in rest).lstrip(".")
    return f"{printable(field)} of {owner}" if field else owner


def _place(loc: tuple[int | str, ...], data: Any) -> tuple[Keys, bool]:
    """The place an error is about, without the names of union branches that pydantic adds."""
    path: Keys = ()
    for key in loc:
        if key in data if isinstance(data, dict) else isinstance(data, list) and isinstance(key, int):
            path, data = (*path, key), data[key]
    return path, loc[-1:] == ("[key]",)


def _model_at(path: Keys, words: Vocabulary) -> type[BaseModel] | None:
    for pattern, found in words.models.items():
        if len(pattern) == len(path) and all(want in ("*", have) for want, have in zip(pattern, path, strict=True)):
            return found
    return None


def _missing(path: Keys, name: str, tree: Tree, words: Vocabulary) -> Problem:
    at = tree.key_at(path)
    described = _model_at(path, words)
    about = described.model_fields[name].description if described else None
    right = f"add `{name}:`" + (f" ({about})" if about else "")
    wrong = words.missing.get(name) or f"{label(path, words)} lacks `{name}`"
    return Problem(at.line, at.col, wrong, right)


def _unknown_key(path: Keys, tree: Tree, words: Vocabulary) -> Problem:
    at = tree.key_at(path)
    described = _model_at(path[:-1], words)
    key = str(path[-1])
    known = list(described.model_fields) if described else []
    wrong = f"unknown key `{printable(key)}` in {label(path[:-1], words)}"
    return Problem(at.line, at.col, wrong, did_you_mean(key, known))


def _is_case_duplicate(path: Keys, tree: Tree) -> bool:
    """Such a name gets its one problem from the check for duplicates."""
    name = str(path[-1])
    return path[:-1] == ("blades",) and blade_id(name) != name and blade_id(name) in tree.data["blades"]


def _bad_name(path: Keys, error: ErrorDetails, tree: Tree, words: Vocabulary) -> Problem:
    at = tree.key_at(path)
    section = str(path[0])
    kind = words.names[section] if len(path) == 2 and section in words.names else words.names.get("*", "part number")
    wrong = f'"{printable(str(path[-1]))}" is no {kind}'
    return Problem(at.line, at.col, wrong, _form(error, words))


def _form(error: ErrorDetails, words: Vocabulary) -> str:
    context = error.get("ctx", {})
    if error["type"] == "string_too_long":
        return f"use at most {context.get('max_length')} characters"
    return words.forms.get(str(context.get("pattern")), "write it differently")


def _bad_value(path: Keys, error: ErrorDetails, tree: Tree, words: Vocabulary) -> tuple[str, str]:
    value, name, kind = error["input"], label(path, words), error["type"]
    context = error.get("ctx", {})
    wrong = f"{name} is {shown(value)}"
    named = words.rights.get(str(path[-1])) if path else None
    if path in tree.written and tree.written[path].lower() != shown(value):
        wrong = f"{name} is {tree.written[path]}, which YAML reads as {shown(value)}"
    if kind == "string_type" and path in tree.written:
        return wrong, f'write "{tree.written[path]}" in quotes if that is meant'
    if kind == "string_type" and isinstance(value, int | float):
        return wrong, f'write text; "{printable(str(value))}" in quotes if that is meant'
    if kind == "int_type" and isinstance(value, str) and value.strip().isdecimal():
        return wrong, f"write {printable(value.strip().lstrip('0') or '0')} without quotes"
    if kind == "int_type" and isinstance(value, str) and re.fullmatch(r"0o[0-7]{1,9}", value):
        return wrong, f"write {int(value, 8)}"
    if kind in {"enum", "literal_error"}:
        choices = _choices(str(context["expected"]))
        return wrong, did_you_mean(value, choices) if isinstance(value, str) else _one_of(choices)
    if kind == "value_error":
        return wrong, str(context["error"])
    if kind == "ip_v4_network" and isinstance(value, str) and "/" in value:
        named = "write a network with no host bits, such as 10.20.0.0/24"
    if kind in {"string_pattern_mismatch", "string_too_long"}:
        return wrong, _form(error, words)
    return wrong, named or _GENERIC.get(kind, "{}").format(_bound(context)) or "write it differently"


_GENERIC = {
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "finite_number": "write a finite number",
    "string_type": "write text",
    "list_type": "write a list such as [a, b]",
    "dict_type": "write a mapping of `key: value` lines",
    "model_type": "write a mapping of `key: value` lines",
    "greater_than": "write a number above {}",
    "greater_than_equal": "write at least {}",
    "less_than_equal": "write at most {}",
    "too_short": "write at least one item",
    "too_long": "write fewer items",
}


def _bound(context: dict[str, Any]) -> object:
    return next((context[key] for key in ("gt", "ge", "le") if key in context), "")


def _choices(expected: str) -> list[str]:
    """pydantic's `'ram', 'ssd' or 'disk'` as a list."""
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def _one_of(choices: list[str]) -> str:
    return f"use one of: {', '.join(choices)}"
