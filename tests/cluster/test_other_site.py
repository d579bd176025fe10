"""A site that is not the first one: rack servers named node001, in a node set, without bays, one with another sshd."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.run.diagnose import diagnose
from provisioner.ssh import ssh_options
from provisioner.ssh_identity import lab_key
from tests.cluster.labs import Lab
from tests.cluster.size import LAB_NAME, LAB_SUBNET, RELEASES
from tests.cluster.waiting import until


class OtherSite(Lab):
    """A head node and two more, as a small lab writes them down."""

    controller = "head01"

    @property
    def compute(self) -> list[str]:
        return ["node001", "node002", "Gpu-A-01"]

    def _plan(self) -> dict[str, Any]:
        network = f"10.63.{self.subnet}"
        return {
            "cluster": {"name": self.name, "network": f"{network}.0/24", "controller": self.controller},
            "ssh": {"user": "provision"},
            "accounting": self.accounting,
            "mpi": self.mpi,
            "tiers": {
                "head": {"slurm": ["controller"]},
                "compute": {"slurm": ["compute"], "features": ["ib"], "weight": 10},
            },
            "nodes": {
                "head01": {"address": f"{network}.2", "tier": "head", "ram": 8},
                "node[001-002]": {
                    "address": f"{network}.11",
                    "tier": "compute",
                    "ram": 8,
                    "slurm": {"CoreSpecCount": 1, "MemSpecLimit": 300},
                },
                "Gpu-A-01": {
                    "address": f"{network}.21",
                    "tier": "compute",
                    "ram": 8,
                    "ssh": {"port": 2222, "user": "admin"},
                    "domain": "gpu.example.org",
                    "gpus": 2,
                },
            },
        }

    def change(self, name: str, **keys: Any) -> None:
        """Writes other keys of a node into the plan."""
        plan = yaml.safe_load(self.plan.read_text())
        plan["nodes"][name] |= keys
        self.plan.write_text(yaml.safe_dump(plan, sort_keys=False))

    def node(self, name: str) -> dict[str, str]:
        """What slurmctld says of a node."""
        return dict(re.findall(r"(\w+)=(\S+)", self.ask(f"scontrol show node {name}")))


@pytest.fixture(scope="module", params=RELEASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherSite]:
    """The site as a cluster."""
    made = OtherSite(f"{LAB_NAME}-site", LAB_SUBNET, 3, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        said = made.provision("slurm", "--json")
        assert said.code == 0, said.text
        assert set(said.json["blades"]) == {"head01", "node001", "node002", "Gpu-A-01"}
        yield made
    finally:
        made.lab("down")


def test_nodes_have_the_names_and_keys_of_the_plan(site: OtherSite) -> None:
    conf = site.ask("cat /etc/slurm/slurm.conf")
    assert "Nodes=gpu-a-01,node[001-002]" in conf
    assert "bay" not in conf
    node = site.node("node002")
    assert (node["Weight"], node["CoreSpecCount"], node["MemSpecLimit"]) == ("10", "1", "300")
    assert {"compute", "ib"} <= set(node["AvailableFeatures"].split(","))
    assert "CoreSpecCount" not in site.node("gpu-a-01")
    assert site.inside("node001", "getent hosts gpu-a-01.gpu.example.org").endswith("Gpu-A-01")
    assert site.inside("Gpu-A-01", "hostname") == "gpu-a-01"


def test_a_second_run_changes_nothing_and_any_case_names_a_node(site: OtherSite) -> None:
    said = site.provision("slurm", "--nodes=NODE001,gpu-a-[01]", "--json")
    assert (said.code, said.json["changed"]) == (0, 0), said.text
    assert set(said.json["blades"]) == {"head01", "node001", "Gpu-A-01"}
    verified = site.provision("verify")
    assert verified.code == 0, verified.text
    assert "Gpu-A-01,node[001-002]" in verified.out


def test_keys_of_a_node_reach_slurm_while_it_works_and_is_not_in_the_run(site: OtherSite) -> None:
    job = site.ask("sbatch --parsable --chdir=/ --output=/dev/null --nodelist=gpu-a-01 --time=30 --wrap='sleep 600'")
    assert until(lambda: "JobState=RUNNING" in site.ask(f"scontrol show job {job}"), 30)
    # From 23.11 a reconfigured slurmctld is another process of the same unit.
    begun = site.ask("systemctl show --value --property=ActiveEnterTimestampMonotonic slurmctld")
    try:
        site.change("Gpu-A-01", features=["ib", "nvme"], weight=77)
        said = site.provision("slurm", "--nodes=node001", "--json")
        assert said.code == 0, said.text
        assert said.json["controller"].startswith("reconfigured slurmctld: "), said.json["controller"]
        node = site.node("gpu-a-01")
        assert node["Weight"] == "77"
        assert {"ib", "nvme"} <= set(node["AvailableFeatures"].split(","))
        assert site.ask("systemctl show --value --property=ActiveEnterTimestampMonotonic slurmctld") == begun
        assert "JobState=RUNNING" in site.ask(f"scontrol show job {job}")
    finally:
        site.ask(f"scancel {job}")


def test_cores_that_are_kept_no_more_are_free(site: OtherSite) -> None:
    site.change("node[001-002]", slurm={"MemSpecLimit": 400})
    said = site.provision("slurm", "--json")
    assert said.code == 0, said.text
    node = site.node("node001")
    if site.release == "bookworm":
        # Open: slurmctld 22.05 goes on with what it kept.
        assert "CoreSpecCount" in node, "docs/plan.md says otherwise"
        return
    assert "CoreSpecCount" not in node, node
    assert node["MemSpecLimit"] == "400"
    assert site.ask("srun --nodelist=node001 --ntasks=2 hostname").split() == ["node001"] * 2
    again = site.provision("slurm", "--json")
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_a_reimaged_node_comes_back_by_its_own_way(site: OtherSite) -> None:
    site.lab("reimage", "gpu-a-01")
    said = site.provision("slurm", "--nodes=GPU-A-01", "--json")
    assert said.code == 0, said.text
    assert site.node("gpu-a-01")["State"].startswith("IDLE")


def through_head(site: OtherSite, known_hosts: Path) -> subprocess.CompletedProcess[str]:
    """`hostname` on node001, with head01 as the jump host before it; an agent has the key, as with a person."""
    network = f"10.63.{site.subnet}"
    options = ssh_options(known_hosts, jump=f"provision@{network}.2:22")
    script = (
        f'eval "$(ssh-agent)" >/dev/null; trap "ssh-agent -k >/dev/null" EXIT; '
        f"ssh-add -q {lab_key(site.state_folder)}; ssh -F none {' '.join(options)} provision@{network}.11 hostname"
    )
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, timeout=60)


def test_ssh_goes_through_a_jump_host_whose_key_is_checked(site: OtherSite, tmp_path: Path) -> None:
    known_hosts = tmp_path / "a b" / "known_hosts"
    known_hosts.parent.mkdir()
    first = through_head(site, known_hosts)
    assert (first.returncode, first.stdout) == (0, "node001\n"), first.stderr
    lines = [line.split() for line in known_hosts.read_text().splitlines()]
    keys = {words[0]: words[1:] for words in lines}
    gate, node = f"10.63.{site.subnet}.2", f"10.63.{site.subnet}.11"
    assert {gate, node} == set(keys)
    known_hosts.write_text(f"{gate} {' '.join(keys[node])}\n{node} {' '.join(keys[node])}\n")
    refused = through_head(site, known_hosts)
    assert refused.returncode == 255
    said = diagnose({"unreachable": True, "msg": refused.stderr}, "Look at the node")
    assert said.message == "the jump host before it does not let ssh through", refused.stderr
