"""What every role promises: a described interface, a table of contents, handlers that check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from provisioner.inventory import GROUPS
from provisioner.run.events import NOTE_KEY
from tests.contracts.ansible_files import (
    ROLES,
    ROOT,
    Task,
    module_of,
    playbook_files,
    read,
    role_files,
    tasks_in,
    variables_of,
)

RESTARTING = {"restarted", "reloaded"}
DAEMONS = {"systemd_service", "systemd", "service"}

per_role = pytest.mark.parametrize("role", ROLES)


def spec(role: str) -> dict[str, Any]:
    options: dict[str, Any] = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return options


def defaults(role: str) -> dict[str, Any]:
    return read(ROOT / "roles" / role / "defaults" / "main.yml") or {}


def handlers(role: str) -> list[Task]:
    return read(ROOT / "roles" / role / "handlers" / "main.yml") or []


def arguments(task: Task) -> dict[str, Any]:
    """The arguments of a task's module."""
    given = next(value for key, value in task.items() if key.rsplit(".", 1)[-1] == module_of(task))
    return given if isinstance(given, dict) else {}


def test_there_are_roles() -> None:
    assert set(ROLES) >= {"base", "munge", "scratch", "slurmctld", "slurmd"}


@per_role
def test_described_options_are_the_defaults(role: str) -> None:
    options = spec(role)["main"]["options"]
    optional = {name: option["default"] for name, option in options.items() if not option.get("required")}
    assert optional == defaults(role)


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
    used: set[str] = set()
    for path in role_files(role, "tasks", "handlers", "vars", "templates"):
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
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert [one for one in examples if role in one and all(name in one for name in required)]
    for name in re.findall(rf"`({role}_\w+)`", text):
        assert name in spec(role)["main"]["options"], name


@per_role
def test_tasks_main_is_a_table_of_contents(role: str) -> None:
    tasks = read(ROOT / "roles" / role / "tasks" / "main.yml")
    assert {module_of(task) for task in tasks} <= {"include_tasks", "import_tasks"}
    for task in tasks:
        given = next(value for key, value in task.items() if key.endswith("_tasks"))
        name = given["file"] if isinstance(given, dict) else given
        assert (ROOT / "roles" / role / "tasks" / name).is_file(), name


@per_role
def test_every_task_file_is_reached(role: str) -> None:
    entries = {f"{name}.yml" for name in spec(role)}
    included: set[str] = set()
    for path in role_files(role, "tasks"):
        for task in tasks_in(read(path)):
            if module_of(task) in ("include_tasks", "import_tasks"):
                given = next(value for key, value in task.items() if key.endswith("_tasks"))
                included.add(given["file"] if isinstance(given, dict) else given)
    assert {path.name for path in role_files(role, "tasks")} == entries | included


@per_role
def test_every_template_is_used(role: str) -> None:
    text = "".join(path.read_text() for path in role_files(role, "tasks", "vars", "handlers"))
    for path in role_files(role, "templates"):
        assert f"'{path.name}'" in text or f" {path.name}" in text, path.name


@per_role
def test_every_notify_names_a_handler(role: str) -> None:
    known = {handler["name"] for handler in handlers(role)}
    known |= {handler["listen"] for handler in handlers(role) if "listen" in handler}
    for path in role_files(role, "tasks"):
        for task in tasks_in(read(path)):
            notified = task.get("notify", [])
            for name in [notified] if isinstance(notified, str) else notified:
                assert name in known, f"{path.name}: {name}"


@per_role
def test_every_handler_is_notified(role: str) -> None:
    notified = "".join(path.read_text() for path in role_files(role, "tasks"))
    for handler in handlers(role):
        assert str(handler.get("listen", handler["name"])) in notified, handler["name"]


@per_role
def test_a_restarted_daemon_is_asked_whether_it_answers(role: str) -> None:
    own = handlers(role)
    for at, handler in enumerate(own):
        if module_of(handler) in DAEMONS and arguments(handler).get("state") in RESTARTING:
            called = {handler["name"], handler.get("listen")}
            checks = [
                later for later in own[at + 1 :] if later.get("listen") in called and module_of(later) not in DAEMONS
            ]
            assert checks, f"nothing checks after {handler['name']}"
            for check in checks:
                assert module_of(check) == "wait_for" or check["changed_when"] is False


@per_role
def test_no_role_names_a_group(role: str) -> None:
    names = re.compile(rf"\b({'|'.join(GROUPS)}|groups\s*\[|group_names)\b|\bgroups\[")
    for path in role_files(role):
        assert not names.search(path.read_text()), path


@per_role
def test_no_role_uses_another_roles_variables(role: str) -> None:
    others = tuple(f"{prefix}{other}_" for other in ROLES if other != role for prefix in ("", "__"))
    for path in role_files(role):
        found = variables_of(path)
        foreign = {name for name in found.read | found.optional | found.defined if name.startswith(others)}
        assert foreign == set(), path


@per_role
def test_internal_variables_are_marked(role: str) -> None:
    public = set(spec(role)["main"]["options"]) | {NOTE_KEY, "item"}
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
