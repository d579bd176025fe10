from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.inventory import GROUPS, cluster_variables, host_variables, inventory, static_form
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.roles import roles_of

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006, domain: example.org}
ssh: {user: provision, port: 2222, key: ~/keys/blades}
tiers:
  fat: {slurm: [controller, compute]}
  medium:
    slurm: [compute]
    scratch: {size_gb: 300, layout: striped}
    partition: {name: work, priority_tier: 10, max_time: 1-00:00:00}
  "off": {slurm: []}
blades:
  BLD-008: {bay: 8, address: 10.20.0.108, tier: medium, ram: 16, disks: [2 x 300 GB SAS]}
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
  BLD-010: {bay: 10, address: 10.20.0.110, tier: fat, ram: 16}
  BLD-016: {bay: 16, address: 10.20.0.116, tier: "off", ram: 16}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("inventory") / "plan.yml"
    path.write_text(PLAN)
    return load_plan(path)


@pytest.fixture(scope="module")
def listed(site: Plan) -> dict[str, Any]:
    return inventory(site)


def hosts(listed: dict[str, Any], group: str) -> list[str]:
    return list(listed[group]["hosts"])


def test_groups_by_what_a_blade_does(listed: dict[str, Any]) -> None:
    assert hosts(listed, "slurm_controller") == ["bld-006"]
    assert hosts(listed, "slurm_compute") == ["bld-008", "bld-010"]
    assert hosts(listed, "slurm_members") == ["bld-006", "bld-008", "bld-010"]
    assert hosts(listed, "slurm_spare") == ["bld-016"]
    assert hosts(listed, "slurm_accounting") == ["bld-006"]


@pytest.mark.parametrize(
    ("said", "group", "told"),
    [
        ("false", [], {}),
        ("true", ["bld-006"], {"host": "bld-006", "address": "10.20.0.106"}),
        ("{host: BLD-010}", ["bld-010"], {"host": "bld-010", "address": "10.20.0.110"}),
    ],
    ids=["none", "on the controller", "elsewhere"],
)
def test_slurmctld_is_told_where_slurmdbd_is(said: str, group: list[str], told: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(f"{PLAN}accounting: {said}\n")
    found = inventory(load_plan(path))
    assert hosts(found, "slurm_accounting") == group
    assert found["all"]["vars"]["slurmctld_accounting"] == told


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("true", ("127.0.0.1", 6820)),
        ("{port: 8080}", ("127.0.0.1", 8080)),
        ("{listen: network}", ("10.20.0.106", 6820)),
    ],
)
def test_roles_are_told_where_the_rest_interface_is(said: str, place: tuple[str, int], tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(f"{PLAN}rest: {said}\n")
    told = inventory(load_plan(path))["all"]["vars"]
    assert (told["slurmrestd_address"], told["slurmrestd_port"]) == place
    assert (told["jwt_key_host"], told["slurmctld_tokens"], told["slurmdbd_tokens"]) == ("bld-006", True, True)


def test_without_it_roles_are_told_nothing(listed: dict[str, Any]) -> None:
    assert not [name for name in listed["all"]["vars"] if name.startswith(("jwt_", "slurmrestd_"))]
    assert "slurmctld_tokens" not in listed["all"]["vars"]


def test_groups_by_tier(listed: dict[str, Any]) -> None:
    assert hosts(listed, "tier_fat") == ["bld-006", "bld-010"]
    assert hosts(listed, "tier_medium") == ["bld-008"]
    assert hosts(listed, "tier_off") == ["bld-016"]


def test_every_blade_is_a_member_or_a_spare(listed: dict[str, Any]) -> None:
    assert {*hosts(listed, "slurm_members"), *hosts(listed, "slurm_spare")} == set(listed["_meta"]["hostvars"])
    assert not set(hosts(listed, "slurm_members")) & set(hosts(listed, "slurm_spare"))


def test_all_groups_are_declared_and_listed(listed: dict[str, Any]) -> None:
    named = set(listed) - {"_meta", "all"}
    assert {group for group in named if not group.startswith("tier_")} == set(GROUPS)
    assert set(listed["all"]["children"]) == named


def test_the_variables_of_a_blade(site: Plan) -> None:
    assert host_variables(site, "BLD-008") == {
        "ansible_host": "10.20.0.108",
        "blade_id": "BLD-008",
        "blade_bay": 8,
        "blade_tier": "medium",
        "node_roles": ["base", "munge", "users", "scratch", "jobtmp", "health", "slurmd", "mpi", "adopt"],
        "jobtmp_place": "scratch",
        "scratch_disks": [{"id": None, "size_gb": 300}] * 2,
        "scratch_layout": "striped",
        "scratch_prove": "dense",
        "scratch_announced": "",
    }


def test_health_and_metrics_are_as_the_plan_says(site: Plan) -> None:
    assert cluster_variables(site, None, None)["slurmctld_health"] is True
    measured = site.model_copy(update={"metrics": True, "health": False})
    assert cluster_variables(measured, None, None)["slurmctld_health"] is False
    controller, compute, off = (host_variables(measured, name) for name in ("BLD-006", "BLD-008", "BLD-016"))
    assert (controller["metrics_address"], controller["metrics_folder"]) == ("10.20.0.106", "/run/slurm-metrics")
    assert (compute["metrics_address"], "metrics_folder" in compute) == ("10.20.0.108", False)
    assert "metrics_address" not in {**off, **host_variables(site, "BLD-008")}


@pytest.mark.parametrize("blade", ["BLD-006", "BLD-008", "BLD-010", "BLD-016"])
def test_the_roles_of_a_blade_say_in_which_groups_it_is(site: Plan, listed: dict[str, Any], blade: str) -> None:
    roles, host = host_variables(site, blade)["node_roles"], blade.lower()
    assert roles == roles_of(site, blade)
    assert ("slurmctld" in roles) == (host in hosts(listed, "slurm_controller"))
    assert ("slurmd" in roles) == (host in hosts(listed, "slurm_compute"))
    assert bool(roles) == (host in hosts(listed, "slurm_members"))


def test_the_variables_of_the_cluster(listed: dict[str, Any]) -> None:
    shared = listed["all"]["vars"]
    assert shared["ansible_user"] == "provision"
    assert shared["ansible_port"] == 2222
    assert shared["slurmctld_cluster"] == {"name": "demo", "controller": "bld-006", "address": "10.20.0.106"}
    assert shared["munge_key_host"] == "bld-006"
    assert shared["slurmd_conf_server"] == "10.20.0.106:6817"
    assert shared["base_domain"] == "example.org"
    assert "base_users" not in shared, "the ids are the role's own default, for a site to change"
    assert {"name": "bld-016", "id": "BLD-016", "address": "10.20.0.116"} in shared["base_hosts"]


def test_a_partition_per_tier_that_computes(listed: dict[str, Any]) -> None:
    assert listed["all"]["vars"]["slurmctld_partitions"] == [
        {"name": "fat", "tier": "fat", "max_time": "7-00:00:00", "priority_tier": 1},
        {"name": "work", "tier": "medium", "max_time": "1-00:00:00", "priority_tier": 10},
    ]


def test_the_labs_key_wins_over_the_plans(site: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/op")
    assert inventory(site)["all"]["vars"]["ansible_ssh_private_key_file"] == "/home/op/keys/blades"
    lab = inventory(site, Path("/lab/id"))["all"]["vars"]
    assert lab["ansible_ssh_private_key_file"] == "/lab/id"


def test_host_keys_are_checked_against_the_sites_own_file(site: Plan) -> None:
    options = inventory(site, known_hosts=Path("/state/known_hosts"))["all"]["vars"]["ansible_ssh_common_args"]
    assert "-o StrictHostKeyChecking=accept-new" in options
    assert (
        """-o 'UserKnownHostsFile="/state/known_hosts"' -o 'GlobalKnownHostsFile="/state/known_hosts.ca"'""" in options
    )
    assert "UserKnownHostsFile" not in inventory(site)["all"]["vars"]["ansible_ssh_common_args"]


def test_a_pinned_blade_is_never_taken_as_it_is(tmp_path: Path) -> None:
    pin = "SHA256:" + "A" * 43
    (tmp_path / "plan.yml").write_text(PLAN.replace("tier: fat, ram: 16}", f"tier: fat, ram: 16, host_key: {pin}}}", 1))
    plan = load_plan(tmp_path / "plan.yml")
    known = Path("/state/known_hosts")
    variables = inventory(plan, known_hosts=known)["_meta"]["hostvars"]
    assert "-o StrictHostKeyChecking=yes" in variables["bld-006"]["ansible_ssh_common_args"]
    assert "accept-new" not in variables["bld-006"]["ansible_ssh_common_args"]
    assert "ansible_ssh_common_args" not in variables["bld-008"]
    assert host_variables(plan, "BLD-006", known_hosts=known) == variables["bld-006"]
    lab = inventory(plan, Path("/lab/id"), known)["_meta"]["hostvars"]
    assert "ansible_ssh_common_args" not in lab["bld-006"], "a lab makes keys of its own"


@pytest.mark.parametrize(
    "option", ["ForwardAgent=no", "ClearAllForwardings=yes", "PermitLocalCommand=no", "KnownHostsCommand=none"]
)
def test_nothing_is_forwarded_to_a_blade(listed: dict[str, Any], option: str) -> None:
    assert f"-o {option}" in listed["all"]["vars"]["ansible_ssh_common_args"]


def test_ssh_takes_our_options_over_those_of_a_person(listed: dict[str, Any], tmp_path: Path) -> None:
    """Asked of ssh itself."""
    config = tmp_path / "config"
    config.write_text(
        "Host *\nForwardAgent yes\nForwardX11 yes\nRemoteForward 9000 localhost:22\nTunnel yes\n"
        "PermitLocalCommand yes\nLocalCommand id\nRemoteCommand id\nKnownHostsCommand /bin/echo\n"
        "VerifyHostKeyDNS yes\nUpdateHostKeys yes\nStrictHostKeyChecking no\n"
    )
    arguments = shlex.split(listed["all"]["vars"]["ansible_ssh_common_args"])
    done = subprocess.run(
        ["ssh", "-G", "-F", config, *arguments, "10.20.0.108"], capture_output=True, text=True, check=True
    )
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    for option in ("forwardagent", "forwardx11", "permitlocalcommand", "updatehostkeys"):
        assert said[option] in ("no", "false"), option
    assert (said["tunnel"], said["verifyhostkeydns"], said["clearallforwardings"]) == ("false", "false", "yes")
    assert said["stricthostkeychecking"] == "accept-new"
    assert said.get("knownhostscommand", "none") == "none"
    assert said.get("remotecommand", "none") == "none"


def test_no_secret_is_in_it(listed: dict[str, Any]) -> None:
    assert not [key for key in listed["all"]["vars"] if "password" in key or key.endswith("_pass")]


def test_ansible_reads_both_forms_alike(listed: dict[str, Any], tmp_path: Path) -> None:
    """The script's answer and the static file of a run give the same hosts, groups and variables."""
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(listed)}\nEND\n")
    script.chmod(0o700)
    static = tmp_path / "static.yaml"
    static.write_text(yaml.safe_dump(static_form(listed)))
    assert asked(script) == asked(static)


def asked(source: Path) -> dict[str, Any]:
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    found = InventoryManager(loader=DataLoader(), sources=[str(source)])
    return {
        "groups": {name: sorted(members) for name, members in found.get_groups_dict().items()},
        "shared": found.groups["all"].get_vars(),
        "hosts": {host.name: _plain(host.vars) for host in found.get_hosts()},
    }


def _plain(variables: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in variables.items() if not key.startswith("inventory_")}


def test_a_plan_is_an_inventory_by_itself(tmp_path: Path) -> None:
    """Its first line makes it a script that ansible-inventory can run."""
    plan = Path(__file__).parents[2] / "inventories" / "asgard" / "plan.yml"
    assert plan.read_text().startswith("#!/usr/bin/env -S provision inventory --plan\n")
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", "inventory", "--plan", str(plan), "--list"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    assert "bld-006" in json.loads(done.stdout)["_meta"]["hostvars"]
