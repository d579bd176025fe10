"""The packaged playbooks: Ansible itself takes them, with our inventory and from a checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from provisioner.inventory import GROUPS, inventory, static_form
from provisioner.paths import assets
from provisioner.plan.load import load_plan
from provisioner.run.request import PlaybookRun, runner_call
from tests.contracts.ansible_files import KEEPERS, PLAYBOOKS, ROOT, all_plays, examples, read, tasks_of_play

PLAN = ROOT / "inventories" / "asgard" / "plan.yml"
BIN = Path(sys.executable).parent


def checked(playbook: Path, source: Path, environment: dict[str, str], cwd: Path) -> str:
    """Ansible's words about a playbook that it does not take."""
    command = [str(BIN / "ansible-playbook"), "--syntax-check", "-i", str(source), str(playbook)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_ansible_takes_the_playbook(playbook: Path, tmp_path: Path) -> None:
    plan = load_plan(PLAN)
    call = runner_call(PlaybookRun(plan, PLAN, list(plan.blades), playbook.name), assets())
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps(static_form(inventory(plan))))
    environment = {**os.environ, **call.environment, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
    assert checked(playbook, hosts, environment, tmp_path) == ""


def test_ansible_takes_the_site_from_a_checkout(tmp_path: Path) -> None:
    """`ansible-playbook -i inventories/asgard/ playbooks/slurm.yml`, for people who know Ansible."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "XDG_STATE_HOME": str(tmp_path),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
    }
    assert checked(ROOT / "playbooks" / "slurm.yml", PLAN.parent, environment, ROOT) == ""


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_plays_name_declared_groups(playbook: Path) -> None:
    for play in read(playbook):
        if "hosts" in play:
            assert set(re.split(":[&!]?", play["hosts"])) <= set(GROUPS), play["name"]
            assert play["gather_facts"] is False, play["name"]


def test_the_blade_is_looked_at_again_whatever_was_installed() -> None:
    """Installing masks units; a role that goes by the facts of before would leave slurmd masked."""
    looks = [
        task
        for play in all_plays(ROOT / "playbooks" / "slurm.yml")
        for task in tasks_of_play(play)
        # Preflight looks again for another reason: what a dead run had left at work.
        if play["name"] == "Prepare" and task.get("ansible.builtin.include_tasks") == "look_again.yml"
    ]
    assert [task["when"] for task in looks] == ["state_looked | length == 0"]
    (looked,) = [
        task["ansible.builtin.set_fact"]["state_looked"]
        for task in read(ROOT / "roles" / "state" / "tasks" / "install.yml")
        if "state_looked" in task.get("ansible.builtin.set_fact", {})
    ]
    # Whatever was missing of any role: the look of before does not count any more.
    assert looked == "{{ state_looked if ansible_check_mode or __state_install | length == 0 else [] }}"
    kinds = read(ROOT / "roles" / "state" / "vars" / "main.yml")["__state_install"]
    assert "['accounts', 'packages']" in kinds


def test_the_examples_of_the_roles_are_taken(tmp_path: Path) -> None:
    """By themselves, in a checkout."""
    plays = [play for role in KEEPERS for example in examples(role) for play in yaml.safe_load(example)]
    assert [its["role"] for play in plays for its in play["roles"]] == KEEPERS
    playbook = tmp_path / "examples.yml"
    playbook.write_text(yaml.safe_dump(plays))
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
    assert checked(playbook, PLAN.parent, environment, ROOT) == ""


def test_there_is_a_playbook_for_every_verb_that_runs_one() -> None:
    asked = {
        name
        for place in ("cli", "survey", "backup", "run")
        for path in (ROOT / "provisioner" / place).glob("*.py")
        for name in re.findall(r'"([a-z_]+\.yml)"', path.read_text())
    } - {"plan.yml"}
    imported = {play.get("ansible.builtin.import_playbook") for path in PLAYBOOKS for play in read(path)} - {None}
    assert asked | imported == {path.name for path in PLAYBOOKS}
