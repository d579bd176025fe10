"""The packaged playbooks: Ansible itself takes them, with our inventory and from a checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.inventory import GROUPS, inventory, static_form
from provisioner.paths import assets
from provisioner.plan.load import load_plan
from provisioner.run.request import PlaybookRun, runner_call
from tests.contracts.ansible_files import PLAYBOOKS, ROOT, read, tasks_in

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
            assert play["hosts"] in GROUPS, play["name"]
            assert play["gather_facts"] is False, play["name"]


def test_the_blade_is_looked_at_again_whatever_was_installed() -> None:
    """Installing masks units; a role that goes by the facts of before would leave slurmd masked."""
    looks = [
        task
        for play in read(ROOT / "playbooks" / "slurm.yml")
        for task in tasks_in(play.get("tasks"))
        # Preflight looks again for another reason: what a dead run had left at work.
        if play["name"] == "Prepare" and "tasks/look_again.yml" in task.values()
    ]
    missing = read(ROOT / "roles" / "base" / "vars" / "main.yml")["__base_missing"]
    needed = set(re.findall(r"\bbase_\w+", missing))
    assert needed >= {"base_packages", "base_extra_packages"}
    wanted = [set(re.findall(r"\bbase_\w+", task["when"])) for task in looks]
    assert needed in wanted
    # The other look is the one after an upgrade.
    assert [names for names in wanted if names != needed] == [{"base_upgraded"}]


def test_there_is_a_playbook_for_every_verb_that_runs_one() -> None:
    asked = {
        name
        for path in (ROOT / "provisioner" / "cli").glob("*.py")
        for name in re.findall(r'"([a-z_]+\.yml)"', path.read_text())
    } - {"plan.yml"}
    assert asked == {path.name for path in PLAYBOOKS}
