"""States are read before there are facts, by Ansible itself: their names come out, and what a site says counts there.

Ansible renders a value when it is touched. A release of it that renders whole states, or a name that is made of facts,
fails here and not on a cluster.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.inventory import inventory, static_form
from provisioner.plan.load import load_plan
from provisioner.run.environment import run_environment
from provisioner.state.kinds import OPTIONS
from provisioner.state.trials import trial_path
from tests.contracts.ansible_files import KEEPERS, ROOT, state_of

USERS = {"slurm": 5001, "munge": 5002, "lmod": 5003}
# What a site may say of its own in group_vars.
SITE = {
    "base_users": USERS,
    "base_extra_packages": ["htop"],
    "base_apt_patience": 7,
    "scratch_mount_point": "/local",
}
CONTROLLER, COMPUTE = "bld-006", "bld-008"
PLAYS = [
    {
        "name": "Ask",
        "hosts": [CONTROLLER, COMPUTE],
        "gather_facts": False,
        "connection": "local",
        "tasks": [
            {"name": "See", "ansible.builtin.import_tasks": str(ROOT / "playbooks" / "tasks" / "states.yml")},
            {
                "name": "Ask for each role",
                "ansible.builtin.set_fact": {
                    "alone": "{{ alone | default({}) | combine({role: state_wanted | state_questions}) }}"
                },
                "vars": {"state_roles": ["{{ role }}"]},
                "loop": KEEPERS,
                "loop_control": {"loop_var": "role"},
            },
            {
                "name": "Ask for the node",
                "ansible.builtin.set_fact": {
                    "asked": {
                        "facts": "{{ ansible_facts }}",
                        "alone": "{{ alone }}",
                        "node": "{{ state_wanted | state_questions }}",
                        "accounts": "{{ state_wanted | state_accounts({'users': {}}) }}",
                        "patience": "{{ __state_apt_patience }}",
                        "tmp_fs": "{{ slurmctld_tmp_fs }}",
                    }
                },
            },
            {
                "name": "Write it",
                "ansible.builtin.copy": {
                    "content": "{{ dict(ansible_play_hosts | zip(answers)) | to_json }}",
                    "dest": "{{ inventory_dir }}/answer.json",
                    "mode": "0600",
                },
                "run_once": True,
                "vars": {
                    "ansible_python_interpreter": sys.executable,
                    "answers": "{{ ansible_play_hosts | map('extract', hostvars, 'asked') }}",
                },
            },
        ],
    }
]


def ask(folder: Path, site: dict[str, Any], private: str) -> dict[str, Any]:
    """What each host of the plan is asked, by one call of Ansible; in a site with these variables."""
    hosts = inventory(load_plan(ROOT / "inventories" / "asgard" / "plan.yml"))
    (folder / "hosts.json").write_text(json.dumps(static_form(hosts)))
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.yml").write_text(yaml.safe_dump(site))
    (folder / "ask.yml").write_text(yaml.safe_dump(PLAYS))
    environment = {
        **run_environment(os.environ, ROOT),
        "ANSIBLE_FILTER_PLUGINS": str(ROOT / "playbooks" / "filter_plugins"),
        "ANSIBLE_PRIVATE_ROLE_VARS": private,
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "PYTHONPATH": str(ROOT),
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory=hosts.json", "ask.yml"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return answer


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ask(tmp_path_factory.mktemp("plain"), {}, "False")


@pytest.fixture(scope="module")
def asked_by_site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """With variables of roles kept private, as an ansible.cfg may want it."""
    return ask(tmp_path_factory.mktemp("site"), SITE, "True")


def lines_of(ids: dict[str, int]) -> list[str]:
    """What makes these accounts."""
    return [f'u {name} {number} "{name} of the cluster"' for name, number in ids.items()]


def paths(role: str) -> set[str]:
    return {path for kind in ("folders", "links", "files", "strays") for path in state_of(role).get(kind, {})}


@pytest.mark.parametrize("role", KEEPERS)
def test_a_role_can_be_asked_for_before_there_are_facts(asked: dict[str, Any], role: str) -> None:
    for host in (CONTROLLER, COMPUTE):
        questions = asked[host]["alone"][role]
        assert set(questions["paths"]) == paths(role) | set(map(trial_path, state_of(role).get("trials", {})))
        units = state_of(role).get("units", {})
        assert set(questions["units"]) == {*units, *(need for each in units.values() for need in each.get("needs", ()))}
        assert set(questions["secrets"]) == set(state_of(role).get("secrets", {}))
        assert set(questions["asks"]) == set(state_of(role).get("asks", {}))
    # What users need is there on every machine that one can log in to; adopt needs something where the plan says so.
    assert asked[COMPUTE]["alone"][role]["packages"] or role in ("users", "adopt", "hostcert")


def test_there_were_no_facts(asked: dict[str, Any]) -> None:
    assert [answer["facts"] for answer in asked.values()] == [{}, {}]
    assert {kind for role in KEEPERS for kind in state_of(role)} | {"accounts", "scratch"} == set(OPTIONS)


def test_a_node_is_asked_for_all_its_roles_at_once(asked: dict[str, Any]) -> None:
    for host, roles in (
        (CONTROLLER, "base munge users mariadb slurmdbd slurmctld mpi adopt"),
        (COMPUTE, "base munge users scratch jobtmp health slurmd mpi adopt"),
    ):
        node = asked[host]["node"]
        for kind in ("packages", "paths", "units", "secrets", "users"):
            each = [name for role in roles.split() for name in asked[host]["alone"][role][kind]]
            assert node[kind] == sorted(set(each)), kind
    assert asked[COMPUTE]["node"]["scratch"]["mount_point"] == "/scratch"
    assert asked[COMPUTE]["node"]["scratch"]["disks"]
    assert asked[CONTROLLER]["node"]["scratch"] == {}


def test_private_variables_of_roles_change_nothing(asked: dict[str, Any], asked_by_site: dict[str, Any]) -> None:
    for role in KEEPERS:
        for kind in ("paths", "units", "secrets", "asks"):
            assert asked_by_site[COMPUTE]["alone"][role][kind] == asked[COMPUTE]["alone"][role][kind], (role, kind)


def test_what_the_site_says_counts(asked: dict[str, Any], asked_by_site: dict[str, Any]) -> None:
    before, now = asked[COMPUTE], asked_by_site[COMPUTE]
    assert before["accounts"] == lines_of({"slurm": 64030, "munge": 64032})
    assert sorted(now["accounts"]) == sorted(lines_of(USERS))
    assert now["node"]["users"] == ["lmod", "munge", "slurm"]
    assert set(now["node"]["packages"]) - set(before["node"]["packages"]) == {"htop"}
    assert (before["patience"], now["patience"]) == (120, 7)
    assert now["node"]["scratch"]["mount_point"] == "/local"
    assert (before["tmp_fs"], now["tmp_fs"]) == ("/scratch", "/local")
