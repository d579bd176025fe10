"""Reads roles and playbooks as data: their tasks, and the variables that they read and define."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2 import nodes

from provisioner.state.files import MULTIARCH

ROOT = Path(__file__).parents[2]
ROLES = sorted(found.parent.parent.name for found in (ROOT / "roles").glob("*/tasks/main.yml"))
# It works off what the others keep, and keeps nothing itself.
INTERNAL = "state"
KEEPERS = [role for role in ROLES if role != INTERNAL]
# An option of another role that a role goes by where there is one: a person says it once.
FOLLOWED = {
    ("slurmctld", "scratch_mount_point"), ("jobtmp", "scratch_mount_point"), ("health", "scratch_mount_point"),
    ("health", "jobtmp_place"), (INTERNAL, "base_apt_patience"),
}  # fmt: skip
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
# Keys whose value is an expression by itself, without braces.
_BARE = {"when", "until", "changed_when", "failed_when", "that"}
_SECTIONS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")

Task = dict[str, Any]


def read(path: Path) -> Any:
    """A YAML file; nothing for one that is missing or has only comments."""
    return yaml.safe_load(path.read_text()) if path.exists() else None


def role_files(role: str, *folders: str) -> list[Path]:
    """YAML files and templates of a role."""
    names = folders or ("tasks", "handlers", "vars", "defaults", "templates", "meta")
    return sorted(path for name in names for path in (ROOT / "roles" / role / name).glob("**/*") if path.is_file())


def state_of(role: str) -> dict[str, Any]:
    """The state of a role as it is written; kinds that are a template as a whole are out."""
    state = read(ROOT / "roles" / role / "vars" / "main.yml")[f"{role}_state"]
    return {kind: listed for kind, listed in state.items() if not isinstance(listed, str)}


def spec(role: str) -> dict[str, Any]:
    """The entries of a role and their options, as its argument specification says."""
    options: dict[str, Any] = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return options


def examples(role: str) -> list[str]:
    """The YAML in the README of a role."""
    return re.findall(r"```yaml\n(.*?)```", (ROOT / "roles" / role / "README.md").read_text(), re.DOTALL)


def managed_paths() -> set[str]:
    """Every path that a role keeps, masks of units included, and those of its own tasks with `file_set`."""
    kinds = ("folders", "links", "files", "secrets")
    found = {path for role in KEEPERS for kind in kinds for path in state_of(role).get(kind, {})}
    found |= {
        f"/etc/systemd/system/{name}"
        for role in KEEPERS
        for name, options in state_of(role).get("units", {}).items()
        if options.get("masked") or options.get("quiet")
    }
    found |= {path for role in ROLES for file in role_files(role, "tasks") for path in _paths_in(read(file))}
    return {path.replace(MULTIARCH, "x86_64-linux-gnu") for path in found if path.startswith("/")}


def _paths_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value["path"]
        value = list(value.values())
    if isinstance(value, list):
        for its in value:
            yield from _paths_in(its)


def playbook_files() -> list[Path]:
    """Playbooks and the task files beside them."""
    return sorted([*PLAYBOOKS, *(ROOT / "playbooks" / "tasks").glob("*.yml")])


def tasks_in(loaded: Any) -> Iterator[Task]:
    """Every task of a file or play, whatever block it stands in."""
    for item in loaded or []:
        yield item
        for section in _SECTIONS:
            yield from tasks_in(item.get(section))


def all_plays(playbook: Path) -> Iterator[dict[str, Any]]:
    """The plays of a playbook, with those of the playbooks that it imports."""
    for play in read(playbook):
        if named := play.get("ansible.builtin.import_playbook"):
            yield from all_plays(playbook.parent / named)
        else:
            yield play


def tasks_of_play(play: dict[str, Any]) -> Iterator[Task]:
    """Every task of a play, with those of the files that it imports: they are as if they stood in it."""
    yield from _with_imported(play.get("tasks"))


def _with_imported(loaded: Any) -> Iterator[Task]:
    for task in tasks_in(loaded):
        yield task
        if named := task.get("ansible.builtin.import_tasks"):
            yield from _with_imported(read(ROOT / "playbooks" / "tasks" / Path(named).name))


def module_of(task: Task) -> str:
    """The module of a task, without its collection."""
    known = {
        "name", "when", "vars", "register", "notify", "listen", "loop", "until", "retries", "delay", "become",
        "changed_when", "failed_when", "no_log", "diff", "environment", "args", "delegate_to", "delegate_facts",
        "run_once", "check_mode", "loop_control", "tags", "become_user", "timeout", "any_errors_fatal",
    }  # fmt: skip
    rest = [key for key in task if key not in known and key not in _SECTIONS]
    return rest[0].rsplit(".", 1)[-1] if len(rest) == 1 else ""


def arguments(task: Task) -> dict[str, Any]:
    """The arguments of a task's module."""
    given = next(value for key, value in task.items() if key.rsplit(".", 1)[-1] == module_of(task))
    return given if isinstance(given, dict) else {}


@dataclass
class Variables:
    """Names that a file reads, reads only with a fallback, and defines; filters by name."""

    read: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    filters: set[str] = field(default_factory=set)

    def __ior__(self, other: Variables) -> Variables:
        for name in ("read", "optional", "defined", "filters"):
            getattr(self, name).update(getattr(other, name))
        return self


def variables_of(path: Path) -> Variables:
    """The variables of a YAML file or a template."""
    if path.suffix == ".j2":
        return _of_template(path.read_text())
    return variables_of_data(read(path), named=path.parent.name in ("vars", "defaults"))


def variables_of_data(loaded: Any, named: bool = False) -> Variables:
    """The variables of loaded YAML: tasks or plays, or `named` ones, as in `vars/`."""
    found = _of_data(loaded)
    if named:
        found.defined |= set(loaded or {})
    elif isinstance(loaded, list):
        for task in tasks_in(loaded):
            found.defined |= _defined_by(task)
    return found


def _defined_by(task: Task) -> set[str]:
    names = set(task.get("vars") or {})
    if "register" in task:
        names.add(task["register"])
    if module_of(task) == "set_fact":
        names |= set(next(value for key, value in task.items() if key.endswith("set_fact"))) - {"cacheable"}
    if "loop" in task:
        names.add((task.get("loop_control") or {}).get("loop_var", "item"))
    return names


def _of_data(value: Any, bare: bool = False) -> Variables:
    found = Variables()
    if isinstance(value, dict):
        for key, its in value.items():
            found |= _of_data(its, bare=key in _BARE)
    elif isinstance(value, list):
        for its in value:
            found |= _of_data(its, bare)
    elif isinstance(value, str) and (bare or re.search(r"{{|{%", value)):
        found |= _of_template("{{ " + value + " }}" if bare and "{{" not in value else value)
    return found


def _of_template(text: str) -> Variables:
    tree = jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(text)
    names = list(tree.find_all(nodes.Name))
    own = {name.name for name in names if name.ctx in ("store", "param")}
    guarded = {
        id(node.node)
        for kind in (nodes.Filter, nodes.Test)
        for node in tree.find_all(kind)
        if node.name in ("default", "defined", "undefined") and isinstance(node.node, nodes.Name)
    }
    loaded = [name for name in names if name.ctx == "load" and name.name not in own]
    return Variables(
        read={name.name for name in loaded if id(name) not in guarded},
        optional={name.name for name in loaded if id(name) in guarded},
        filters={node.name for node in tree.find_all(nodes.Filter)},
    )
