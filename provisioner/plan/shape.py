"""What pydantic finds wrong with the shape of a file, in plain words and with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from provisioner.names import name_problem
from provisioner.plan import backup, firewall, model, mpi, node, notify, partition, rest
from provisioner.plan.positions import Tree
from provisioner.plan.problems import Keys, Problem, did_you_mean, label, printable, shown
from provisioner.plan.vocabulary import Vocabulary
from provisioner.plan.words import FORMS, GENERIC, OWNED, RIGHTS

MODELS: dict[Keys, type[BaseModel]] = {
    (): model.PlanFile,
    ("cluster",): model.Cluster,
    ("ssh",): model.Ssh,
    ("enclosure",): model.Enclosure,
    ("enclosures", "*"): model.Enclosure,
    ("stock", "*"): model.Part,
    ("scratch",): model.Proving,
    ("accounting",): model.AccountingPlace,
    ("mpi",): mpi.MpiChoice,
    ("preemption",): partition.PreemptionRule,
    ("rest",): rest.RestWay,
    ("firewall",): firewall.Firewall,
    ("notify",): notify.Notify,
    ("backup",): backup.Backup,
    ("partitions", "*"): partition.NamedPartition,
    ("tiers", "*"): model.Tier,
    ("tiers", "*", "scratch"): node.Scratch,
    ("tiers", "*", "partition"): model.Partition,
    ("tiers", "*", "ssh"): node.SshWay,
    ("tiers", "*", "gpus"): node.GpuEntry,
    ("blades", "*"): node.Blade,
    ("blades", "*", "ssh"): node.NodeSsh,
    ("blades", "*", "scratch"): node.Scratch,
    ("blades", "*", "gpus"): node.GpuEntry,
    ("blades", "*", "slurm"): node.SlurmKeys,
    ("blades", "*", "disks", "*"): node.DiskEntry,
}
PLAN = Vocabulary(
    whole="the plan",
    models=MODELS,
    forms=FORMS,
    rights=RIGHTS,
    names={
        "tiers": "tier name",
        "partitions": "name of a partition",
        "networks": "name of a network",
        "*": "part number",
    },
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
            yield ShapeProblem(_bad_name(path, error, tree, words), None)
        else:
            at = tree.value_at(path)
            wrong, right = _bad_value(path, error, tree, words)
            yield ShapeProblem(at.problem(wrong, right), path)


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
    wrong = words.missing.get(name) or f"{label(path, words.whole)} lacks `{name}`"
    return at.problem(wrong, right)


def _unknown_key(path: Keys, tree: Tree, words: Vocabulary) -> Problem:
    at = tree.key_at(path)
    described = _model_at(path[:-1], words)
    key = str(path[-1])
    known = list(described.model_fields) if described else []
    if described is node.SlurmKeys and key.lower() in OWNED:
        wrong, right = f"{key} of {label(path[:2])} is not for a plan to say", OWNED[key.lower()]
        return at.problem(wrong, right if right.startswith("write") else f"leave it out: {right}")
    wrong = f"unknown key `{printable(key)}` in {label(path[:-1], words.whole)}"
    return at.problem(wrong, did_you_mean(key, known))


def _bad_name(path: Keys, error: ErrorDetails, tree: Tree, words: Vocabulary) -> Problem:
    at = tree.key_at(path)
    name, section = str(path[-1]), str(path[-2])
    if section == "blades" and (found := name_problem(printable(name))):
        return at.problem(
            found[0], "write a set such as node[001-040]" if re.match(r"[A-Za-z0-9-]*\[", name) else found[1]
        )
    wrong = f'"{printable(name)}" is no {words.names.get(section, words.names["*"])}'
    return at.problem(wrong, _form(error, words))


def _form(error: ErrorDetails, words: Vocabulary) -> str:
    context = error.get("ctx", {})
    if error["type"] == "string_too_long":
        return f"use at most {context.get('max_length')} characters"
    return words.forms.get(str(context.get("pattern")), "write it differently")


def _bad_value(path: Keys, error: ErrorDetails, tree: Tree, words: Vocabulary) -> tuple[str, str]:
    value, name, kind = error["input"], label(path, words.whole), error["type"]
    context = error.get("ctx", {})
    wrong = f"{name} is {shown(value)}"
    named = words.rights.get(f"{path[0]}.{path[-1]}", words.rights.get(str(path[-1]))) if path else None
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
    if kind in {"string_pattern_mismatch", "string_too_long"}:
        return wrong, _form(error, words)
    return wrong, named or GENERIC.get(kind, "{}").format(_bound(context)) or "write it differently"


def _bound(context: dict[str, Any]) -> object:
    return next((context[key] for key in ("gt", "ge", "le") if key in context), "")


def _choices(expected: str) -> list[str]:
    """pydantic's `'ram', 'ssd' or 'disk'` as a list."""
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def _one_of(choices: list[str]) -> str:
    return f"use one of: {', '.join(choices)}"
