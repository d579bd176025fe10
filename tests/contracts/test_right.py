"""What says that a role's part of a blade is right: it looks at everything that the role manages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contracts.ansible_files import ROLES, ROOT, module_of, read, role_files, tasks_in

# It is always run, on its one blade, since what it wants hangs on all the others; it leaves its files alone itself.
COMPARED = [role for role in ROLES if role != "slurmctld"]


def variables(role: str) -> dict[str, Any]:
    found: dict[str, Any] = read(ROOT / "roles" / role / "vars" / "main.yml")
    return found


def asked_paths() -> set[str]:
    (task,) = [task for task in read(ROOT / "playbooks" / "tasks" / "facts.yml") if "blade_facts" in task]
    return {path for paths in task["vars"]["__facts_paths"].values() for path in paths}


def written_paths(role: str) -> set[str]:
    """Every path in the lists of files of a role; of a machine's architecture the one that is asked for."""
    found = {
        str(entry["path"])
        for name, value in variables(role).items()
        if name.endswith("_files") and isinstance(value, list)
        for entry in value
    }
    links = {
        link["path"] for release in variables(role).get(f"__{role}_releases", {}).values() for link in release["links"]
    }
    return found | {re.sub(r"{{.*}}", "x86_64", path) for path in links}


@pytest.mark.parametrize("role", COMPARED)
def test_a_role_says_what_is_right(role: str) -> None:
    work = (ROOT / "playbooks" / "tasks" / "work.yml").read_text()
    assert f"{role}_right" in variables(role)
    assert f"{role}_right" in work


@pytest.mark.parametrize("role", ROLES)
def test_the_blade_is_asked_about_every_file(role: str) -> None:
    assert written_paths(role) <= asked_paths()


def test_there_are_files() -> None:
    assert {role for role in ROLES if written_paths(role)} == {"base", "slurmctld", "slurmd"}


@pytest.mark.parametrize("role", ROLES)
def test_files_are_written_from_the_lists_that_are_compared(role: str) -> None:
    """A file that a task lists by itself would be written once and never again."""
    for path in role_files(role, "tasks"):
        for task in tasks_in(read(path)):
            if module_of(task) == "file_set" and path.name == "configure.yml":
                assert task["file_set"]["files"] == f"{{{{ __{role}_files }}}}", task["name"]


@pytest.mark.parametrize("role", ROLES)
def test_a_part_is_left_out_only_where_not_everything_is_to_run(role: str) -> None:
    """`--full` has to reach every task file that a glance at the facts would leave out."""
    for task in read(ROOT / "roles" / role / "tasks" / "main.yml"):
        conditions = task.get("when", [])
        for condition in [conditions] if isinstance(conditions, str) else conditions:
            if "ansible_facts" in condition or "_right" in condition:
                assert "ansible_facts['blade']['full'] or" in condition or "can_set_clock" in condition, condition
