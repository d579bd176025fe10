"""What the controller answered to `status.yml`, as status and report read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner.slurm.standing import standing
from tests.unit.slurm.node_makers import record

SLURMCTLD: dict[str, Any] = {
    "up": True,
    "nodes": [["bld-008", "IDLE", "0/16/0/16", "7955", "24.11.5", "none", "Unknown", "Unknown", ""]],
    "pending": 0,
}


def packages(registry: str) -> str:
    return f"13\ninstalled munge 0.5.16-1.1~deb13u1\n{registry}"


def test_nodes_packages_and_registry() -> None:
    nodes = {"bld-008": record(packages={"slurmd": "24.11.5-4"})}
    registry = json.dumps({"format": 1, "cluster": "demo", "nodes": nodes}, indent=2)
    said: dict[str, Any] = {
        "Ask slurmctld": SLURMCTLD,
        "Ask which packages the members have": {"stdout": packages(registry)},
    }
    found = standing(said, "demo", "bld-006")
    assert found.cluster.nodes["bld-008"].state == "idle"
    assert list(found.security["outdated"]) == ["bld-008"]
    assert found.registry["bld-008"]["cpu_model"] == "Intel(R) Xeon(R) CPU E5-2609 0 @ 2.40GHz"


@pytest.mark.parametrize("registry", ["", "{", '{"format": 9}', '{"format": 1, "cluster": "other", "nodes": {}}'])
def test_a_registry_that_cannot_be_read_has_no_records(registry: str) -> None:
    said: dict[str, Any] = {
        "Ask slurmctld": SLURMCTLD,
        "Ask which packages the members have": {"stdout": packages(registry)},
    }
    assert standing(said, "demo", "bld-006").registry == {}


def test_without_the_packages_the_nodes_are_known() -> None:
    found = standing({"Ask slurmctld": SLURMCTLD}, "demo", "bld-006")
    assert (list(found.cluster.nodes), found.registry) == (["bld-008"], {})
