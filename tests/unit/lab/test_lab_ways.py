"""A lab stands for the nodes of any plan at their addresses, as far as it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import UsageError
from provisioner.lab.blades import Bench
from provisioner.lab.host import Host
from provisioner.lab.podman import Podman
from provisioner.lab.settings import LabFiles, container_name
from provisioner.plan.load import load_plan

CASES = Path(__file__).parents[2] / "plans"


def bench(case: str, state: Path, host: Host) -> Bench:
    return Bench(load_plan(CASES / case / "plan.yml"), LabFiles(state), host, Podman(host))


def test_account_and_port_are_the_nodes_and_the_way_is_straight(tmp_path: Path, v1_host: Host) -> None:
    way = bench("other-site", tmp_path, v1_host).way("gpu-a-02")
    assert (way.address, way.port, way.user, way.jump) == ("10.20.2.2", 2222, "ops", None)
    assert bench("other-site", tmp_path, v1_host).known_name("gpu-a-02") == "[10.20.2.2]:2222"


def test_containers_have_small_letters() -> None:
    assert container_name("lab", "Gpu-A-01") == "provision-lab-lab-gpu-a-01"


def test_a_plan_of_ipv6_is_refused_with_a_sentence(tmp_path: Path, v1_host: Host) -> None:
    with pytest.raises(UsageError, match="a lab has IPv4 addresses only"):
        _ = bench("other-site-ipv6", tmp_path, v1_host).network
