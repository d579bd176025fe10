"""Everything that is wrong with the variables of a site, before a run touches anything.

    group_vars/all.yml:3:1: no role takes slurmctld_confg; did you mean slurmctld_config?

A value that a template makes is known to Ansible only; of what is encrypted, names and types are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from provisioner.errors import UsageError
from provisioner.inventory import GROUPS, tier_group
from provisioner.names import host_name
from provisioner.plan.model import Plan
from provisioner.plan.positions import Tree, build_tree
from provisioner.plan.problems import Keys, Problem, UnreadableError, did_you_mean, printable
from provisioner.plan.source import read_text
from provisioner.plan.syntax import compose_any
from provisioner.settings.files import VariableFile, ignored_files, variable_files
from provisioner.settings.known import CONNECTION, Option, known_options, prefixes
from provisioner.settings.value import Finding, findings, is_template, template_problems
from provisioner.settings.vault import HEADER, NEXT, opened
from provisioner.slurm.settings import site_problems

TAGS = frozenset({"!vault", "!unsafe"})


@dataclass(frozen=True, order=True)
class SettingsProblem:
    """One problem, in a file beside the plan."""

    file: str
    problem: Problem

    def __str__(self) -> str:
        return f"{self.file}:{self.problem}"


class SettingsError(UsageError):
    """The variables of a site cannot be used; `problems` holds all of them."""

    def __init__(self, site: Path, problems: Iterable[SettingsProblem]) -> None:
        self.problems = sorted(set(problems))
        count = "one problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(
            "\n".join([f"the variables beside the plan have {count}", *(f"{site}/{each}" for each in self.problems)]),
            "correct them and run again; nothing was touched",
        )
        self.site = site

    def as_dict(self) -> dict[str, Any]:
        """The error for scripts, with each problem."""
        files = [(str(self.site / each.file), each.problem) for each in self.problems]
        return {**super().as_dict(), "problems": [problem.as_dict(file) for file, problem in files]}


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
    for name in ignored_files(site):
        problem = Problem(1, 1, "Ansible does not read a file with this ending", "end its name with .yml, or move it")
        yield SettingsProblem(name, problem)
    for file in variable_files(site):
        for problem in (*_owner_problems(file, plan), *_file_problems(file.path, known)):
            yield SettingsProblem(file.shown, problem)


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


def _file_problems(path: Path, known: Mapping[str, Option]) -> list[Problem]:
    try:
        text = read_text(path)
        if text.startswith(HEADER):
            text, trouble = opened(text)
            if trouble:
                return [Problem(1, 1, trouble, NEXT)]
        root = compose_any(text)
    except UnreadableError as error:
        return [error.problem]
    if root is None:
        return []
    tree = build_tree(root, TAGS)
    if tree.data is None:
        return []
    if not isinstance(tree.data, dict):
        at = tree.value_at(())
        return [Problem(at.line, at.col, "these are no variables", "write `name: value` at the left margin")]
    return [*tree.problems, *(problem for name in tree.data for problem in _variable_problems(tree, name, known))]


def _variable_problems(tree: Tree, name: str, known: Mapping[str, Option]) -> Iterator[Problem]:
    at = tree.key_at((name,))
    if right := _unknown(name, known):
        yield Problem(at.line, at.col, f"no role takes {printable(name)}", right)
        return
    encrypted = [path for path, tag in tree.tagged.items() if path[0] == name and tag == "!vault"]
    for path in encrypted:
        if trouble := opened(str(_at(tree.data, path)))[1]:
            where = tree.value_at(path)
            yield Problem(where.line, where.col, f"{name} {trouble}", NEXT)
    if encrypted or any(path[0] == name for path in tree.refused):
        return
    value = tree.data[name]
    found = [each for each in template_problems(value) if tree.tagged.get((name, *each[0])) != "!unsafe"]
    if name in known and not found:
        found = [*findings(known[name], value)]
    yield from (_placed(tree, name, finding) for finding in found)
    if name in known and not found:
        yield from _meaning_problems(tree, name)


def _unknown(name: str, known: Mapping[str, Option]) -> str:
    """What would be right for a name that nobody reads, '' for one that counts or is a site's own."""
    if name in known or name in CONNECTION:
        return ""
    if name.startswith("ansible_"):
        near = get_close_matches(name, CONNECTION, n=1, cutoff=0.9)
        return f"did you mean {near[0]}?" if near else ""
    if get_close_matches(name, known, n=1, cutoff=0.8) or name.startswith(tuple(prefixes(known))):
        return did_you_mean(name, known, "take it out; `provision check --variables` lists what there is")
    return ""


def _placed(tree: Tree, name: str, finding: Finding) -> Problem:
    below, is_key, wrong, right = finding
    path: Keys = (name, *below)
    at = tree.key_at(path) if is_key else tree.value_at(path)
    return Problem(at.line, at.col, f"{_label(path)}: {wrong}", right)


def _label(path: Keys) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{printable(str(key))}" for key in path).lstrip(".")


def _meaning_problems(tree: Tree, name: str) -> Iterator[Problem]:
    """What must not get into slurm.conf or /etc/hosts; what a template makes is looked at by a run, before all else."""
    value = tree.data[name]
    if any(is_template(leaf) for leaf in _leaves(value)):
        return
    for sentence in site_problems({name: value}):
        wrong, _, _ = sentence.partition("; next: ")
        keys = list(value) if isinstance(value, Mapping) else []
        meant = next((key for key in keys if wrong.startswith(f"{name}: {key} ")), None)
        at = tree.key_at((name,) if meant is None else (name, meant))
        yield Problem(at.line, at.col, wrong, "correct it")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(item)
    else:
        yield value


def _at(data: Any, path: Keys) -> Any:
    for key in path:
        data = data[key]
    return data
