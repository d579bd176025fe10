"""What hosts are told of who logs in where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.inventory import inventory
from provisioner.plan.load import load_plan
from tests.unit.test_inventory import PLAN


def listed(said: str, folder: Path) -> dict[str, Any]:
    path = folder / "plan.yml"
    path.write_text(f"{PLAN}{said}")
    return inventory(load_plan(path))


def test_a_plan_without_a_word_has_the_controller_for_it(tmp_path: Path) -> None:
    found = listed("", tmp_path)
    assert found["slurm_login"]["hosts"] == []
    assert {"slurmctld_logins", "adopt_ssh"} & found["all"]["vars"].keys() == set()


@pytest.mark.parametrize("said", ["login: BLD-016\n", "login: [BLD-006, BLD-016]\n"])
def test_login_nodes_are_members_that_compute_nothing(said: str, tmp_path: Path) -> None:
    found = listed(said, tmp_path)
    assert found["slurm_login"]["hosts"] == ["bld-016"]
    assert "bld-016" in found["slurm_members"]["hosts"]
    assert "bld-016" not in found["slurm_compute"]["hosts"] + found["slurm_spare"]["hosts"]
    assert found["all"]["vars"]["slurmctld_logins"] == {"bld-016": "10.20.0.116"}
    assert found["all"]["vars"]["login_conf_server"] == found["all"]["vars"]["slurmd_conf_server"]


def test_one_word_says_who_gets_in(tmp_path: Path) -> None:
    found = listed("compute_ssh: jobs\n", tmp_path)
    assert found["all"]["vars"]["adopt_ssh"] == "jobs"
    assert found["all"]["vars"]["adopt_sources"] == ["10.20.0.0/24"]
    # What was done to a node that computes no more is taken back there.
    assert all("adopt" in found["_meta"]["hostvars"][name]["node_roles"] for name in found["slurm_members"]["hosts"])
    assert "adopt_ssh" not in listed("compute_ssh: anybody\n", tmp_path)["all"]["vars"]
