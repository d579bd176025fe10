"""Everything that is wrong with the variables of a site, before a run touches anything.

    group_vars/all.yml:3:1: no role takes slurmctld_confg; did you mean slurmctld_config?

A value that a template makes is known to Ansible only; of what is encrypted, names and types are looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from provisioner.inventory import GROUPS, tier_group
from provisioner.names import host_name
from provisioner.plan.derive import accounting_host, rest_way
from provisioner.plan.derive_partitions import preemption_rule
from provisioner.plan.model import Plan
from provisioner.plan.positions import Tree, build_tree
from provisioner.plan.problems import Keys, Problem, UnreadableError, did_you_mean, label, printable
from provisioner.plan.source import read_text
from provisioner.plan.syntax import compose_any
from provisioner.settings.files import VariableFile, unread, variable_files
from provisioner.settings.known import CONNECTION, Option, known_options, prefixes
from provisioner.settings.problems import SettingsError, SettingsProblem
from provisioner.settings.value import Finding, findings, is_template, leaves, template_problems
from provisioner.settings.vault import HEADER, opened, remedy
from provisioner.slurm.keys import KEYS, is_key
from provisioner.slurm.settings import KEY, KEYED, site_problems

TAGS = frozenset({"!vault", "!unsafe"})


def check_settings(plan: Plan, site: Path, roles: Path) -> None:
    """Looks at all variables of a site.

    Args:
        plan: the plan.
        site: the folder that it is in.
        roles: the folder of the roles, whose argument specs say what there is.

    Raises:
        SettingsError: with all problems.
    """
    if problems := list(settings_problems(plan, site, roles)):
        raise SettingsError(site, problems)


def settings_problems(plan: Plan, site: Path, roles: Path) -> Iterator[SettingsProblem]:
    """All problems of all files of a site; see `check_settings`."""
    known = known_options(roles)
    # What the plan says decides which keys are the site's, and which ports are taken.
    said = {
        "slurmctld_accounting": accounting_host(plan),
        "slurmctld_preemption": preemption_rule(plan),
        "slurmrestd_port": way.port if (way := rest_way(plan)) else None,
    }
    try:
        for name, problem in unread(site):
            yield SettingsProblem(name, problem)
        for file in variable_files(site):
            for problem in (*_owner_problems(file, plan), *_file_problems(file.path, known, said)):
                yield SettingsProblem(file.shown, problem)
    except OSError as error:
        shown = os.path.relpath(error.filename or site, site)
        yield SettingsProblem(shown, Problem(1, 1, f"cannot be read ({error.strerror})", "let this account read it"))


def _owner_problems(file: VariableFile, plan: Plan) -> Iterator[Problem]:
    """A file for a group or host that is not there counts for nobody."""
    if file.folder == "group_vars":
        names: Collection[str] = {"all", "ungrouped", *GROUPS, *map(tier_group, plan.tiers)}
        noun = "group"
    else:
        names, noun = set(map(host_name, plan.blades)), "host"
    if file.owner not in names:
        wrong = f"there is no {noun} {printable(file.owner)}, so nobody reads it"
        yield Problem(1, 1, wrong, did_you_mean(file.owner, sorted(names)))


def _file_problems(path: Path, known: Mapping[str, Option], said: Mapping[str, Any]) -> list[Problem]:
    if not path.is_file():
        return [Problem(1, 1, "this is no file: a link that leads nowhere, a pipe or a device", "put a file there")]
    try:
        text = read_text(path)
        if text.startswith(HEADER):
            text, trouble = opened(text)
            if trouble:
                return [Problem(1, 1, trouble, remedy(trouble))]
        root = compose_any(text)
    except UnreadableError as error:
        return [error.problem]
    if root is None:
        return []
    tree = build_tree(root, TAGS, texts=frozenset(), free=lambda name: not _is_ours(name, known))
    if tree.data is None:
        return []
    if not isinstance(tree.data, dict):
        at = tree.value_at(())
        return [at.problem("these are no variables", "write `name: value` at the left margin")]
    return [*tree.problems, *(problem for name in tree.data for problem in _variable_problems(tree, name, known, said))]


def _variable_problems(
    tree: Tree, name: str, known: Mapping[str, Option], said: Mapping[str, Any]
) -> Iterator[Problem]:
    at = tree.key_at((name,))
    if right := _unknown(name, known):
        yield at.problem(f"no role takes {printable(name)}", right)
        return
    encrypted = [path for path, tag in tree.tagged.items() if path[0] == name and tag == "!vault"]
    for path in encrypted:
        if trouble := opened(str(_at(tree.data, path)))[1]:
            where = tree.value_at(path)
            yield where.problem(f"{name} {trouble}", remedy(trouble))
    if encrypted or any(path[0] == name for path in tree.refused):
        return
    value = tree.data[name]
    found = [each for each in template_problems(value) if tree.tagged.get((name, *each[0])) != "!unsafe"]
    if name in known and not found:
        found = [*findings(known[name], value)]
    yield from (_placed(tree, name, finding) for finding in found)
    if name in known and not found:
        meant = [*_meaning_problems(tree, name, said)]
        yield from meant or _key_problems(tree, name)


def _key_problems(tree: Tree, name: str) -> Iterator[Problem]:
    """Keys that Slurm would refuse, with the whole file of which it then says only the line."""
    if name not in KEYS or is_template(tree.data[name]):
        return
    file, known = KEYS[name]
    for key in tree.data[name]:
        if re.fullmatch(KEY, key) and not is_key(name, key):
            at = tree.key_at((name, key))
            wrong = f"{name}: {printable(key)} is no key of {file} in Slurm 22.05 or 24.11"
            yield at.problem(wrong, did_you_mean(key, known, f"`man {file}` lists the keys"))


def _is_ours(name: str, known: Mapping[str, Option]) -> bool:
    """Whether the roles read a variable; a site's own may hold whatever YAML can say."""
    return name in known or bool(_unknown(name, known))


def _unknown(name: str, known: Mapping[str, Option]) -> str:
    """What would be right for a name that nobody reads, '' for one that counts or is a site's own."""
    if name in known or name in CONNECTION:
        return ""
    if name.startswith("ansible_"):
        near = get_close_matches(name, CONNECTION, n=1, cutoff=0.9)
        return f"did you mean {near[0]}?" if near else ""
    if get_close_matches(name, known, n=1, cutoff=0.8) or name.startswith(tuple(prefixes(known))):
        return did_you_mean(name, known, "take it out or rename it; `provision check --variables` lists what there is")
    return ""


def _placed(tree: Tree, name: str, finding: Finding) -> Problem:
    below, is_key, wrong, right = finding
    path: Keys = (name, *below)
    at = tree.key_at(path) if is_key else tree.value_at(path)
    return at.problem(f"{label(path)}: {wrong}", right)


def _meaning_problems(tree: Tree, name: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    """What must not get into slurm.conf or /etc/hosts; what a template makes is looked at by a run, before all else."""
    value = tree.data[name]
    if any(is_template(leaf) for leaf in leaves(value)):
        return
    # Each key by itself, so that its place is told; then what only several of them do.
    by_key = {key: site_problems({**said, name: {key: value[key]}}) for key in value} if name in KEYED else {}
    placed: list[tuple[Keys, str]] = [
        ((name, key), sentence) for key, sentences in by_key.items() for sentence in sentences
    ]
    for path, sentence in placed or [((name,), sentence) for sentence in site_problems({name: value})]:
        wrong, _, _ = sentence.partition("; next: ")
        at = tree.key_at(path)
        yield at.problem(wrong, "correct it")


def _at(data: Any, path: Keys) -> Any:
    for key in path:
        data = data[key]
    return data
