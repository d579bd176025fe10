from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.change import config_change
from provisioner.slurm.config import slurm_config
from provisioner.slurm.settings import site_problems

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.6", "tmp_fs": "/scratch"}
KEYS = ("HealthCheckProgram", "HealthCheckInterval", "HealthCheckNodeState")


def health(wanted: bool, site: dict[str, Any]) -> list[Any]:
    settings = slurm_config({**CLUSTER, "health": wanted}, {}, [], site)["settings"]
    return [settings.get(key) for key in KEYS]


@pytest.mark.parametrize(
    ("wanted", "site", "keys"),
    [
        (True, {}, ["/usr/local/sbin/slurm-health", 300, "ANY,CYCLE"]),
        (False, {}, [None, None, None]),
        (True, {"healthcheckinterval": 60}, ["/usr/local/sbin/slurm-health", 60, "ANY,CYCLE"]),
        (True, {"HealthCheckProgram": "/usr/sbin/nhc"}, ["/usr/sbin/nhc", 300, "ANY,CYCLE"]),
        (True, {"HealthCheckProgram": None}, [None, 300, "ANY,CYCLE"]),
        (False, {"HealthCheckProgram": "/usr/sbin/nhc"}, ["/usr/sbin/nhc", None, None]),
    ],
)
def test_the_plan_wants_it_and_the_site_has_the_last_word(wanted: bool, site: dict[str, Any], keys: list[Any]) -> None:
    assert site_problems({"slurmctld_config": site}) == []
    assert health(wanted, site) == keys


@pytest.mark.parametrize("version", ["22.05.8", "24.11.5"])
def test_it_comes_and_goes_by_a_reconfigure(version: str) -> None:
    texts = [
        "".join(f"{key}={value}\n" for key, value in slurm_config(cluster, {}, [], {})["settings"].items())
        for cluster in (CLUSTER, {**CLUSTER, "health": True})
    ]
    for old, new in (texts, texts[::-1]):
        change = config_change([old], new, version)
        assert (change.kind.name, change.partitions_gone, change.nodes_rebuilt) == ("RECONFIGURE", (), ())
