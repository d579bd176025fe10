"""What the tasks of every role promise: a table of contents, daemons that are asked whether they work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.state.pending import PARTS
from tests.contracts.ansible_files import (
    INTERNAL,
    KEEPERS,
    ROLES,
    ROOT,
    Task,
    arguments,
    module_of,
    playbook_files,
    read,
    role_files,
    spec,
    state_of,
    tasks_in,
)

CHOSEN = {"{{ __state_step[0] }}.yml", "{{ __state_step_now[0] }}.yml"}
DAEMONS = {"systemd_service", "systemd", "service"}

per_role = pytest.mark.parametrize("role", ROLES)


@per_role
def test_tasks_main_is_a_table_of_contents(role: str) -> None:
    """Its own files, the internal role, where it ends early, and at the end what there is to tell."""
    tasks = read(ROOT / "roles" / role / "tasks" / "main.yml")
    *_, last = tasks
    kinds = {module_of(task) for task in tasks if task is not last or module_of(task) != "tell"}
    assert kinds <= {"include_tasks", "import_tasks", "include_role", "meta"}
    for name in files_of(tasks):
        assert (ROOT / "roles" / role / "tasks" / name).is_file(), name


def files_of(tasks: Iterable[Task]) -> list[str]:
    """The task files that tasks include; role state chooses among its parts."""
    given = [task.get(f"ansible.builtin.{module}") for task in tasks for module in ("include_tasks", "import_tasks")]
    named = [str(each["file"] if isinstance(each, dict) else each) for each in given if each]
    parts = [f"{part}.yml" for part in ("by_itself", *PARTS)] if CHOSEN & {*named} else []
    return [*(name for name in named if name not in CHOSEN), *parts]


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
            assert path.name in ("main.yml", "change.yml")
            assert given["name"] == INTERNAL
            assert given["rolespec_validate"] is False, task["name"]
            assert task["vars"] == {f"{INTERNAL}_roles": [role]}, task["name"]
    for _, task, given in inclusions(playbook_files()):
        if given["name"] == INTERNAL:
            assert given["rolespec_validate"] is False, task["name"]


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
            # unit_set asks by itself.
            if module_of(task) in DAEMONS and "state" in arguments(task):
                yield path, task, found[at + 1 :]


def test_there_are_daemons() -> None:
    found = {path.name for role in ROLES for path, _, _ in started(role)}
    assert found == {"apply.yml", "rollback.yml"}


@per_role
def test_a_started_daemon_is_asked_whether_it_answers(role: str) -> None:
    for path, task, later in started(role):
        checks = [each for each in later if module_of(each) == "wait_for" or "until" in each]
        assert checks, f"{path.name}: nothing checks after {task['name']}"
        assert all(module_of(check) == "wait_for" or check["changed_when"] is False for check in checks)


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
