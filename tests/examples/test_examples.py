"""The plans in examples/: each can be used as it is, and becomes this slurm.conf on machines of its kind.

Each folder here belongs to an example: what `slurmd -C` prints on the machines of its tiers (`machines.yml`), and the
file that slurmctld then gets (`slurm.conf`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.inventory import inventory
from provisioner.names import host_name
from provisioner.plan.derive import slurm_role
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan, SlurmRole
from provisioner.settings.site import load_site
from provisioner.slurm.config import slurm_config
from provisioner.slurm.record import node_records
from provisioner.slurm.registry import merge_records
from provisioner.slurm.topology import topology
from tests.slurm_conf.test_golden import SEEN, rendered

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
NAMES = sorted(found.parent.name for found in EXAMPLES.glob("*/plan.yml"))


def registry(plan: Plan, case: str) -> dict[str, dict[str, Any]]:
    """The records of all compute nodes, as a run over machines of their kinds leaves them."""
    machines = yaml.safe_load((HERE / case / "machines.yml").read_text())
    told = inventory(plan)
    hosts = []
    for name, blade in plan.blades.items():
        if slurm_role(plan, name) is not SlurmRole.COMPUTE:
            continue
        kind, host = machines[blade.tier], host_name(name)
        facts = {
            "slurmd_c": f"NodeName={host} {kind['slurmd_c']}\n",
            "cpu": {"cpus": 1, "model": kind["cpu_model"]},
            "memory_mib": 1,
            "machine_id": "a" * 32,
            "scratch": {"size_mib": kind["scratch_mib"]},
            "gpus": kind.get("gpus", []),
        }
        known = {**told["all"]["vars"], **told["_meta"]["hostvars"][host]}
        hosts.append({**known, "inventory_hostname": host, "ansible_facts": {"blade": facts}})
    return merge_records({}, node_records(hosts, SEEN)).nodes


def test_every_example_has_its_machines_and_its_readme() -> None:
    assert len(NAMES) == 3
    assert sorted(found.parent.name for found in HERE.glob("*/machines.yml")) == NAMES
    assert [name for name in NAMES if not (EXAMPLES / name / "README.md").read_text().startswith("# ")] == []
    listed = re.findall(r"^\| \[([a-z-]+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_can_be_used_as_it_is(name: str) -> None:
    file = EXAMPLES / name / "plan.yml"
    load_site(file)
    assert file.stat().st_mode & 0o111, "Ansible would not take it for an inventory"
    assert file.read_text().startswith("#!/usr/bin/env -S provision inventory --plan\n")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_becomes_this_slurm_conf(name: str) -> None:
    plan = load_plan(EXAMPLES / name / "plan.yml")
    told = inventory(plan)["all"]["vars"]
    accounting = told["slurmctld_accounting"]["address"]
    preemption = told.get("slurmctld_preemption", {})
    cluster = {**told["slurmctld_cluster"], "tmp_fs": "/scratch", "accounting": accounting, "preemption": preemption}
    cluster |= {"mpi": told["slurmctld_mpi"], "switches": told.get("slurmctld_switches", {}), "counts_gpus": True}
    nodes = registry(plan, name)
    model = slurm_config(cluster, nodes, told["slurmctld_partitions"], {}, told.get("slurmctld_nodes", {}))
    assert rendered("slurm.conf.j2", __slurmctld_model=model) == (HERE / name / "slurm.conf").read_text()
    # Only the one with several racks has the file.
    wanted = HERE / name / "topology.conf"
    assert topology(nodes, cluster["switches"], {}) == (wanted.read_text() if wanted.exists() else "")


def test_forty_servers_are_two_lines_of_a_plan() -> None:
    plan = load_plan(EXAMPLES / "racks" / "plan.yml")
    nodes = [name for name in plan.blades if name.startswith("node")]
    assert len(nodes) == 40
    assert str(plan.blades["node040"].address) == "10.20.1.120"
    assert str(plan.blades["node020"].networks["management"]) == "10.30.0.120"
    assert (plan.blades["node040"].enclosure, plan.blades["node040"].bay) == ("rack-b", 20)


def test_no_run_touches_the_login_node_and_the_database_has_a_node_of_its_own() -> None:
    told = inventory(load_plan(EXAMPLES / "login-database" / "plan.yml"))
    assert told["slurm_spare"]["hosts"] == ["login"]
    assert told["slurm_accounting"]["hosts"] == ["vault"]
    assert "login" not in told["slurm_members"]["hosts"]
    assert told["_meta"]["hostvars"]["vault"]["node_roles"] == [
        "base",
        "munge",
        "users",
        "mariadb",
        "slurmdbd",
        "adopt",
    ]
    assert {"login", "vault"} <= {host["name"] for host in told["all"]["vars"]["base_hosts"]}
