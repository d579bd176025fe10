from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.config import slurm_config
from provisioner.slurm.ports import DAEMONS, SRUN
from provisioner.slurm.settings import site_problems


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"slurmctld_config": {"SrunPortRange": "6800-6830"}, "slurmrestd_port": 6820}, "6820, the port of the REST"),
        ({"slurmctld_config": {"srunportrange": "8000-8000"}, "slurmrestd_port": "8000"}, "8000, the port of the REST"),
        ({"slurmctld_config": {"SrunPortRange": "6000-7000"}}, "6817, the port of slurmctld and 6818, "),
        ({"slurmctld_config": {"SrunPortRange": "9100-9200"}, "slurmrestd_port": None}, "9100, the port of the exp"),
    ],
)
def test_a_range_over_a_port_that_is_taken_is_refused(given: dict[str, Any], words: str) -> None:
    (problem,) = site_problems(given)
    assert problem.startswith("slurmctld_config: SrunPortRange has ")
    assert words in problem
    assert problem.endswith("next: correct it in group_vars beside the plan")


@pytest.mark.parametrize("said", ["50000-51000", "6821-7000", None, "any", "60001-63000", "1-2-3", 5])
def test_any_other_range_is_the_sites(said: Any) -> None:
    assert site_problems({"slurmctld_config": {"SrunPortRange": said}, "slurmrestd_port": 6820}) == []


def test_our_own_range_is_free_of_daemons_and_is_what_slurm_gets() -> None:
    assert not DAEMONS.keys() & set(SRUN)
    cluster = {"name": "demo", "controller": "bld-001", "address": "10.20.0.11", "tmp_fs": ""}
    assert slurm_config(cluster, {}, [], {})["settings"]["SrunPortRange"] == "60001-63000"
