"""Root does nothing in a folder of a service account by a path: only through modules that follow no link there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.ansible_files import ROLES, managed_paths, module_of, playbook_files, read, role_files, tasks_in

# Ansible's own modules for files follow links, wait for FIFOs and read without a limit.
FOLLOWING = {
    "assemble", "blockinfile", "copy", "fetch", "file", "get_url", "lineinfile", "replace", "slurp", "stat", "template",
    "tempfile", "unarchive",
}  # fmt: skip
# What is below these belongs to slurm or munge, now or right after their packages came.
FOREIGN = re.compile(r"/(etc|run|var/lib|var/log)/munge/|/var/(lib|log)/slurm/|/run/slurm(ctld)?/")
TASK_FILES = sorted({*(file for role in ROLES for file in role_files(role, "tasks", "handlers")), *playbook_files()})


def is_safe(task: dict[str, Any]) -> bool:
    """Whether a task leaves such folders alone, works there as their account, or after it made sure of the owner."""
    module = module_of(task)
    if module in FOLLOWING:
        return False
    if module not in ("command", "shell", "script", "raw"):
        return True
    words = str(next(value for key, value in task.items() if key.rsplit(".", 1)[-1] == module))
    return not FOREIGN.search(words) or "setpriv --reuid=" in words or "stat --format=%u" in words


@pytest.mark.parametrize("file", TASK_FILES, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_a_task_follows_no_link_of_an_account(file: Path) -> None:
    assert [task.get("name") for task in tasks_in(read(file)) if not is_safe(task)] == []


@pytest.mark.parametrize(
    "task",
    [
        {"name": "x", "ansible.builtin.slurp": {"src": "/etc/munge/munge.key"}},
        {"name": "x", "ansible.builtin.command": "tail /var/log/slurm/slurmctld.log", "register": "y"},
        {"name": "x", "ansible.builtin.shell": {"cmd": "cat /etc/munge/munge.key"}, "no_log": True},
    ],
)
def test_a_task_that_does_is_noticed(task: dict[str, Any]) -> None:
    assert not is_safe(task)


def test_what_root_believes_later_is_not_in_a_folder_of_an_account() -> None:
    """Of all files of the roles only munge's own key is; what else is below is a folder, refused when it is a link."""
    assert {path for path in managed_paths() if FOREIGN.search(path)} == {
        "/etc/munge/munge.key",
        "/var/lib/slurm/slurmctld",
        "/var/lib/slurm/slurmd",
    }
