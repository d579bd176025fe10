from __future__ import annotations

import pytest
from provisioner.slurm.packages import PMIX_OF_DEBIAN, all_packages, missing_packages, packages

from provisioner.preflight import SLURM_OF_DEBIAN


@pytest.mark.parametrize("debian", ["12", "13"])
@pytest.mark.parametrize("role", ["controller", "compute"])
@pytest.mark.parametrize("scratch", ["", "plain", "striped"])
def test_a_blade_is_asked_about_everything_it_may_need(debian: str, role: str, scratch: str) -> None:
    assert set(packages(debian, role, scratch)) <= set(all_packages())


def test_each_daemon_only_where_it_runs() -> None:
    assert "slurmd" in packages("12", "compute")
    assert "slurmctld" not in packages("12", "compute")
    assert "slurmctld" in packages("12", "controller")
    assert "slurmd" not in packages("12", "controller")


def test_the_pmix_library_is_the_releases_own() -> None:
    assert "libpmix2" in packages("12", "compute")
    assert "libpmix2t64" in packages("13", "compute")
    assert "libpmix2" not in packages("13", "compute")
    assert PMIX_OF_DEBIAN.keys() == SLURM_OF_DEBIAN.keys()


def test_scratch_brings_its_programs() -> None:
    assert "xfsprogs" not in packages("12", "compute")
    assert "lvm2" not in packages("12", "compute", "plain")
    assert {"xfsprogs", "lvm2"} <= set(packages("12", "compute", "striped"))


def test_missing_is_what_the_facts_do_not_show() -> None:
    blade = {"packages": {"munge": "0.5.15-2", "slurmd": ""}}
    assert missing_packages(["munge", "slurmd", "chrony"], blade) == ["slurmd", "chrony"]
