from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.change import config_change
from provisioner.slurm.config import slurm_config
from provisioner.slurm.logins import login_lines

LOGINS = {"login2": "10.0.0.3", "login1": "10.0.0.2"}
CLUSTER: dict[str, Any] = {
    "name": "demo", "controller": "head", "address": "10.0.0.1", "tmp_fs": "/scratch", "logins": LOGINS,
}  # fmt: skip


@pytest.mark.parametrize(("version", "named"), [("22.05.8-4+deb12u3", True), ("24.11.5-4", False), ("23.02.0", False)])
def test_slurm_is_told_of_login_nodes_where_it_has_to_be(version: str, named: bool) -> None:
    found = login_lines(LOGINS, {}, version)
    first = {"NodeName": "login1", "NodeAddr": "10.0.0.2", "State": "FUTURE"}
    second = {"NodeName": "login2", "NodeAddr": "10.0.0.3", "State": "FUTURE"}
    assert found == ([first, second] if named else [])


def test_a_node_that_is_one_already_has_one_line() -> None:
    """Two of a name, and slurmctld does not start."""
    assert [line["NodeName"] for line in login_lines(LOGINS, {"login1": {}}, "22.05.8")] == ["login2"]


def text(logins: dict[str, str]) -> str:
    model = slurm_config({**CLUSTER, "version": "22.05.8", "logins": logins}, {}, [], {})
    return "\n".join([*(f"{key}={value}" for key, value in model["settings"].items()), *model["lines"]])


def test_they_are_in_no_partition() -> None:
    assert "NodeName=login1 NodeAddr=10.0.0.2 State=FUTURE" in text(LOGINS)
    assert [line for line in text(LOGINS).splitlines() if line.startswith("Partition") and "login" in line] == []


def test_they_go_without_jobs_being_looked_for() -> None:
    change = config_change([text(LOGINS)], text({}), "22.05.8")
    assert change.kind.name == "RESTART"
    assert change.nodes_gone == ()
