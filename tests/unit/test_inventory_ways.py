"""How the blades of any site are reached, and what their nodes get, as Ansible and ssh read it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.inventory import host_variables, inventory
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.way import way_to
from provisioner.run.hostkeys import on_record

CASES = Path(__file__).parents[1] / "plans"
KNOWN = Path("/state of mine/known_hosts")


@pytest.fixture(scope="module")
def site() -> Plan:
    return load_plan(CASES / "other-site" / "plan.yml")


@pytest.fixture(scope="module")
def hosts(site: Plan) -> dict[str, Any]:
    found: dict[str, Any] = inventory(site, known_hosts=KNOWN)["_meta"]["hostvars"]
    return found


def test_hosts_have_small_letters_and_people_see_the_plans_spelling(hosts: dict[str, Any], site: Plan) -> None:
    assert len(hosts) == len(site.blades) == 46
    assert hosts["head01"]["blade_id"] == "Head01"
    assert inventory(site)["all"]["vars"]["slurmctld_cluster"]["controller"] == "head01"


def test_what_a_node_says_wins_over_its_tier_and_that_over_the_plan(site: Plan) -> None:
    head, node, gpu = (way_to(site, name) for name in ("Head01", "node007", "gpu-a-03"))
    assert (head.user, head.port, head.jump) == ("admin", 22, "admin@gate.example.org:22")
    assert (node.user, node.jump, node.address) == ("root", None, "10.20.1.7")
    assert (gpu.user, gpu.port, gpu.address, gpu.known_name) == ("ops", 2222, "192.0.2.3", "[192.0.2.3]:2222")


def test_only_what_differs_is_said_of_a_host(hosts: dict[str, Any]) -> None:
    assert not {"ansible_port", "ansible_user", "ansible_ssh_common_args", "base_address"} & hosts["head01"].keys()
    assert hosts["node007"]["ansible_user"] == "root"
    gpu = hosts["gpu-a-03"]
    assert (gpu["ansible_host"], gpu["base_address"], gpu["ansible_port"]) == ("192.0.2.3", "10.20.2.3", 2222)
    assert gpu["node_gpus"] == 2
    assert hosts["bld-001"]["node_gpus"] == 4
    assert ("node_gpu_type" in gpu, hosts["bld-001"]["node_gpu_type"]) == (False, "a100")
    assert hosts["node007"]["node_networks"] == {"management": "10.30.1.7"}
    assert "blade_bay" not in hosts["head01"]
    assert (hosts["node007"]["blade_bay"], hosts["node007"]["blade_enclosure"]) == (7, "rack-a")


def test_a_lab_stands_for_every_blade_at_its_own_address(site: Plan) -> None:
    lab = host_variables(site, "gpu-a-03", Path("/lab/id"), KNOWN)
    assert (lab["ansible_host"], lab["ansible_port"]) == ("10.20.2.3", 2222)
    assert "base_address" not in lab
    shared = inventory(site, Path("/lab/id"), KNOWN)["all"]["vars"]
    assert "ProxyCommand" not in shared["ansible_ssh_common_args"]
    assert shared["ansible_ssh_private_key_file"] == "/lab/id"


def asked_of_ssh(arguments: str) -> dict[str, str]:
    done = subprocess.run(
        ["ssh", "-G", "-F", "none", *shlex.split(arguments), "10.20.0.2"], capture_output=True, text=True, check=True
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def test_ssh_goes_through_the_jump_host_and_checks_its_key(site: Plan) -> None:
    """Asked of ssh itself, of both of them."""
    shared = inventory(site, known_hosts=KNOWN)["all"]["vars"]
    told = asked_of_ssh(shared["ansible_ssh_common_args"])["proxycommand"]
    command = shlex.split(told.replace("%h", "10.20.0.2").replace("%p", "22"))
    assert (command[0], command[-1]) == ("ssh", "gate.example.org")
    done = subprocess.run(["ssh", "-G", "-F", "none", *command[1:]], capture_output=True, text=True, check=True)
    gate = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert (gate["user"], gate["port"], gate["hostname"]) == ("admin", "22", "gate.example.org")
    assert gate["stricthostkeychecking"] == "accept-new"
    assert gate["batchmode"] == "yes"
    assert gate["userknownhostsfile"].startswith(str(KNOWN))
    assert gate["userknownhostsfile"].endswith("/.ssh/known_hosts")
    assert gate["forwardagent"] == "no"


def test_a_node_without_jump_goes_straight(hosts: dict[str, Any]) -> None:
    assert "proxycommand" not in asked_of_ssh(hosts["node007"]["ansible_ssh_common_args"])


def test_host_keys_are_on_record_where_a_node_is_reached(site: Plan, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJV5VNvTeFsK8cVfBXYnKLmo3cRJ4GoIgQm5rRd8ZlZx"
    file.write_text(f"[192.0.2.3]:2222 {key}\n10.20.0.2 {key}\n")
    found = on_record(site, ["gpu-a-03", "Head01", "node001"], file)
    assert [len(found[name]) for name in ("gpu-a-03", "head01", "node001")] == [1, 1, 0]


def test_everybody_knows_every_name_and_address(site: Plan) -> None:
    entries = {each["id"]: each for each in inventory(site)["all"]["vars"]["base_hosts"]}
    assert entries["Head01"] == {"name": "head01", "id": "Head01", "address": "10.20.0.2"}
    assert entries["node010"]["ipv6"] == "fd00:20::a"


def test_slurm_gets_the_keys_of_all_nodes_from_the_plan(site: Plan) -> None:
    keys = inventory(site)["all"]["vars"]["slurmctld_nodes"]
    assert keys["node001"] == {
        "Features": "ib,nvme", "Weight": 10, "CoreSpecCount": 1, "MemSpecLimit": 4096, "CpuBind": "core",
    }  # fmt: skip
    assert keys["bld-001"] == {"Weight": 0}, "an empty list of features is none, not the tier's"
    assert "gpu-a-01" not in keys


def test_a_plan_of_ipv6_says_it_in_everybodys_form() -> None:
    plan = load_plan(CASES / "other-site-ipv6" / "plan.yml")
    shared = inventory(plan)["all"]["vars"]
    assert shared["slurmctld_cluster"]["address"] == "fd00:20::2"
    assert (shared["slurmctld_accounting"]["address"], shared["slurmdbd_ipv6"]) == ("fd00:20::2", True)
    assert shared["slurmd_conf_server"] == "head01:6817"
    assert inventory(plan)["_meta"]["hostvars"]["node2"]["ansible_host"] == "fd00:20::100"
    assert way_to(plan, "node2").known_name == "fd00:20::100"


def test_the_first_site_has_none_of_it() -> None:
    plan = load_plan(Path(__file__).parents[2] / "inventories" / "asgard" / "plan.yml")
    listed = inventory(plan)
    assert "slurmctld_nodes" not in listed["all"]["vars"]
    assert set(listed["_meta"]["hostvars"]["bld-008"]) == {
        "ansible_host", "blade_id", "blade_bay", "blade_tier", "node_roles", "jobtmp_place", "scratch_disks",
        "scratch_layout", "scratch_prove", "scratch_announced",
    }  # fmt: skip
