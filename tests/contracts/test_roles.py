"""What every role promises: a described interface, a table of contents, daemons that are asked whether they work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.inventory import GROUPS
from tests.contracts.ansible_files import (
    FOLLOWED,
    INTERNAL,
    KEEPERS,
    ROLES,
    ROOT,
    Task,
    examples,
    module_of,
    playbook_files,
    read,
    role_files,
    state_of,
    tasks_in,
    variables_of,
)

DAEMONS = {"systemd_service", "systemd", "service"}

per_role = pytest.mark.parametrize("role", ROLES)


def spec(role: str) -> dict[str, Any]:
    options: dict[str, Any] = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return options


def defaults(role: str) -> dict[str, Any]:
    return read(ROOT / "roles" / role / "defaults" / "main.yml") or {}


def arguments(task: Task) -> dict[str, Any]:
    """The arguments of a task's module."""
    given = next(value for key, value in task.items() if key.rsplit(".", 1)[-1] == module_of(task))
    return given if isinstance(given, dict) else {}


def test_there_are_roles() -> None:
    assert set(ROLES) >= {"base", "munge", "scratch", "slurmctld", "slurmd"}


@per_role
def test_described_options_are_the_defaults(role: str) -> None:
    options = spec(role)["main"]["options"]
    optional = {name: option for name, option in options.items() if not option.get("required")}
    assert set(optional) == set(defaults(role))
    for name, default in defaults(role).items():
        if isinstance(default, str) and "{{" in default:
            # It goes by something else, which the description names.
            assert "default" not in optional[name], name
            assert "by default" in optional[name]["description"], name
        else:
            assert optional[name]["default"] == default, name


@per_role
def test_required_options_have_no_default(role: str) -> None:
    options = spec(role)["main"]["options"]
    required = {name for name, option in options.items() if option.get("required")}
    assert not required & set(defaults(role))
    assert not [name for name in required if "default" in options[name]]


@per_role
def test_every_entry_point_is_described(role: str) -> None:
    for name, entry in spec(role).items():
        assert entry["short_description"], name
        assert (ROOT / "roles" / role / "tasks" / f"{name}.yml").is_file(), name
        for option, described in entry["options"].items():
            assert option.startswith(f"{role}_")
            assert described["description"], option
            assert described["type"], option


@per_role
def test_every_option_is_used(role: str) -> None:
    used = {name for other, name in FOLLOWED if name in defaults(role)}
    for path in role_files(role, "tasks", "vars", "templates"):
        found = variables_of(path)
        used |= found.read | found.optional
    assert set(spec(role)["main"]["options"]) <= used


@per_role
def test_a_role_says_what_it_is(role: str) -> None:
    galaxy = read(ROOT / "roles" / role / "meta" / "main.yml")["galaxy_info"]
    for key in ("author", "description", "license", "min_ansible_version", "platforms"):
        assert galaxy[key], key
    assert galaxy["license"] == "Apache-2.0"


@per_role
def test_a_role_has_a_readme_with_an_example(role: str) -> None:
    path = ROOT / "roles" / role / "README.md"
    assert path.is_file(), f"roles/{role} has no README.md"
    text = path.read_text()
    assert text.startswith(f"# {role}\n")
    required = [name for name, option in spec(role)["main"]["options"].items() if option.get("required")]
    assert [one for one in examples(role) if role in one and all(name in one for name in required)]
    for name in re.findall(rf"`({role}_\w+)`", text):
        assert name in spec(role)["main"]["options"], name


@per_role
def test_tasks_main_is_a_table_of_contents(role: str) -> None:
    """Its own files, the internal role, and at the end what there is to tell."""
    tasks = read(ROOT / "roles" / role / "tasks" / "main.yml")
    *_, last = tasks
    kinds = {module_of(task) for task in tasks if task is not last or module_of(task) != "tell"}
    assert kinds <= {"include_tasks", "import_tasks", "include_role"}
    for name in files_of(tasks):
        assert (ROOT / "roles" / role / "tasks" / name).is_file(), name


def files_of(tasks: Iterable[Task]) -> list[str]:
    """The task files that tasks include."""
    given = [task.get(f"ansible.builtin.{module}") for task in tasks for module in ("include_tasks", "import_tasks")]
    return [str(each["file"] if isinstance(each, dict) else each) for each in given if each]


def inclusions(paths: Iterable[Path]) -> Iterator[tuple[Path, Task, dict[str, Any]]]:
    """Each task of these files that includes a role, with its arguments."""
    for path in paths:
        loaded = read(path)
        for task in tasks_in(loaded if isinstance(loaded, list) else []):
            if module_of(task) in ("include_role", "import_role"):
                yield path, task, arguments(task)


@per_role
def test_every_task_file_is_reached(role: str) -> None:
    entries = {f"{name}.yml" for name in spec(role)}
    included = {name for path in role_files(role, "tasks") for name in files_of(tasks_in(read(path)))}
    assert {path.name for path in role_files(role, "tasks")} == entries | included


@per_role
def test_every_entry_point_is_used(role: str) -> None:
    everywhere = [*playbook_files(), *(path for its in ROLES for path in role_files(its, "tasks"))]
    used = {
        str(given.get("tasks_from", "main.yml"))
        for _, _, given in inclusions(everywhere)
        if given["name"] == role or "{{" in given["name"]
    }
    assert {f"{name}.yml" for name in spec(role)} <= used


def test_roles_hand_what_they_keep_to_the_internal_role() -> None:
    """By themselves: of its options they say theirs, and it is not asked for each of them whether that is a list."""
    for role in KEEPERS:
        found = list(inclusions(role_files(role, "tasks")))
        assert found, role
        for path, task, given in found:
            assert path.name == "main.yml"
            assert given["name"] == INTERNAL
            assert given["rolespec_validate"] is False, task["name"]
            assert task["vars"] == {f"{INTERNAL}_roles": [role]}, task["name"]
    for _, task, given in inclusions(playbook_files()):
        if given["name"] == INTERNAL:
            assert given["rolespec_validate"] is False, task["name"]


@per_role
def test_every_template_is_used(role: str) -> None:
    text = "".join(path.read_text() for path in role_files(role, "tasks", "vars", "handlers"))
    for path in role_files(role, "templates"):
        assert f"'{path.name}'" in text or f" {path.name}" in text, path.name


@per_role
def test_no_role_has_handlers(role: str) -> None:
    """Which unit is restarted follows from what the state says that it reads, also after a run that was killed."""
    assert not (ROOT / "roles" / role / "handlers").exists()
    assert not [task["name"] for path in role_files(role, "tasks") for task in tasks_in(read(path)) if "notify" in task]


@pytest.mark.parametrize("role", KEEPERS)
def test_a_unit_says_how_it_is_seen_to_work(role: str) -> None:
    for name, options in state_of(role).get("units", {}).items():
        if options.get("masked") or options.get("own"):
            assert "answers" not in options, name
        elif not name.endswith(".timer"):
            assert set(options["answers"]) in ({"port"}, {"command"}), name


def started(role: str) -> Iterator[tuple[Path, Task, list[Task]]]:
    """Each task that starts or restarts a daemon, and those that follow it in its file."""
    for path in role_files(role, "tasks"):
        found = list(tasks_in(read(path)))
        for at, task in enumerate(found):
            if module_of(task) in DAEMONS and "state" in arguments(task):
                yield path, task, found[at + 1 :]


def test_there_are_daemons() -> None:
    found = {path.name for role in ROLES for path, _, _ in started(role)}
    assert found == {"units.yml", "apply.yml", "rollback.yml"}


@per_role
def test_a_started_daemon_is_asked_whether_it_answers(role: str) -> None:
    for path, task, later in started(role):
        checks = [each for each in later if module_of(each) == "wait_for" or "until" in each]
        assert checks, f"{path.name}: nothing checks after {task['name']}"
        assert all(module_of(check) == "wait_for" or check["changed_when"] is False for check in checks)


@per_role
def test_no_role_names_a_group(role: str) -> None:
    names = re.compile(rf"\b({'|'.join(GROUPS)}|groups\s*\[|group_names)\b|\bgroups\[")
    for path in role_files(role):
        assert not names.search(path.read_text()), path


@per_role
def test_no_role_uses_another_roles_variables(role: str) -> None:
    """Those of the internal role are shared, but what it keeps to itself; the states are looked up by name there."""
    others = tuple(f"{prefix}{other}_" for other in KEEPERS if other != role for prefix in ("", "__"))
    if role != INTERNAL:
        others = (*others, f"__{INTERNAL}_")
    for path in role_files(role):
        found = variables_of(path)
        # Only where there is another way without it.
        found.optional -= {name for its, name in FOLLOWED if its == role} - found.read
        foreign = {name for name in found.read | found.optional | found.defined if name.startswith(others)}
        assert foreign == set(), path


@per_role
def test_internal_variables_are_marked(role: str) -> None:
    public = set(spec(role)["main"]["options"]) | {f"{INTERNAL}_roles", "item"}
    for path in role_files(role, "tasks", "handlers", "vars"):
        for name in variables_of(path).defined - public:
            # Without the underscores: what the role tells the plays after it.
            assert name.startswith((f"__{role}_", f"{role}_")), f"{path.name}: {name}"
    for name in defaults(role):
        assert not name.startswith("_"), name


@per_role
def test_no_failure_is_ignored(role: str) -> None:
    for path in role_files(role, "tasks", "handlers"):
        for task in tasks_in(read(path)):
            assert "ignore_errors" not in task, f"{path.name}: {task.get('name')}"
            assert "ignore_unreachable" not in task
            assert task.get("failed_when") is not False


@pytest.mark.parametrize(
    "path",
    [*playbook_files(), *(path for role in ROLES for path in role_files(role, "tasks", "handlers"))],
    ids=lambda path: f"{path.parent.parent.name}-{path.stem}",
)
def test_a_next_step_is_written_as_the_program_reads_it(path: Path) -> None:
    """`what is wrong; next: what to do`, or a person gets Ansible's words instead."""
    for task in tasks_in(read(path)):
        message = str(arguments(task).get("msg", "")) if module_of(task) else ""
        assert not re.search(r"; next(?!: )", message), task["name"]
