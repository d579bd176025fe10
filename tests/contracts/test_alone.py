"""A role works in a playbook of one's own: it looks at the node itself, and says in check mode what a run would change.

The node is this machine, of which nothing is changed: everything runs in check mode. Variables of roles are kept
private, as an ansible.cfg may want it. Scratch stays out: a test looks at no disk that is not its own (tests/disks).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.run.keys import CHANGED_KEY
from tests.contracts.ansible_files import KEEPERS, ROOT, examples

ALONE = [role for role in KEEPERS if role != "scratch"]
HOST = "bld-006"


def play_of(role: str) -> dict[str, Any]:
    """The example in the README of a role, on one host; its last task prints what came of it."""
    (play,) = yaml.safe_load(examples(role)[0])
    said = {"role": role, "looked": "{{ state_looked }}", "pending": "{{ state_pending }}"}
    last = {"name": "Say", "ansible.builtin.debug": {"msg": "{{ said }}"}, "vars": {"said": said}}
    return {**play, "name": role, "hosts": HOST, "gather_facts": False, "post_tasks": [last]}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each role; all of them in one call."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "alone.yml").write_text(yaml.safe_dump([play_of(role) for role in ALONE]))
    local = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {HOST: local}}}))
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PRIVATE_ROLE_VARS": "True",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "PYTHONPATH": str(ROOT),
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--check"]
    command += [f"--inventory={folder / 'hosts.json'}", str(folder / "alone.yml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answers, told = {}, list[str]()
    for text in re.split(rf"^{HOST} \| \w+ => ", done.stdout, flags=re.MULTILINE)[1:]:
        result, _ = json.JSONDecoder().raw_decode(text) if text.startswith("{") else ({}, 0)
        told += result.get("ansible_facts", {}).get(CHANGED_KEY, [])
        if isinstance(result.get("msg"), dict):
            answers[result["msg"]["role"]] = {**result["msg"], "told": told}
            told = []
    return answers


@pytest.mark.parametrize("role", ALONE)
def test_a_role_looks_for_itself_and_says_what_it_would_change(said: dict[str, dict[str, Any]], role: str) -> None:
    assert said[role]["looked"] == [role]
    assert {each["role"] for each in said[role]["pending"]} <= {role}
    assert [each["line"] for each in said[role]["pending"] if each["line"] not in said[role]["told"]] == []


def test_there_is_something_to_say(said: dict[str, dict[str, Any]]) -> None:
    """No machine that runs tests has the names of that cluster."""
    assert list(said) == ALONE
    assert any(line.startswith("file /etc/hosts: ") for line in said["base"]["told"])
