"""What the roles keep on the members of a site, as Ansible itself renders it from their states."""

from __future__ import annotations

from typing import Any

import pytest

from bench.states import rendered
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.security import WATCHED

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-001}
tiers:
  head: {slurm: [controller]}
  thin: {slurm: [compute]}
  plain: {slurm: [compute], scratch: {size_gb: 300}}
  striped: {slurm: [compute], scratch: {size_gb: 300, layout: striped}}
blades:
  BLD-001: {bay: 1, address: 10.20.0.101, tier: head, ram: 16}
  BLD-002: {bay: 2, address: 10.20.0.102, tier: thin, ram: 16}
  BLD-003: {bay: 3, address: 10.20.0.103, tier: plain, ram: 16, disks: [1 x 300 GB SAS]}
  BLD-004: {bay: 4, address: 10.20.0.104, tier: striped, ram: 16, disks: [2 x 300 GB SAS]}
"""
HEAD, THIN, PLAIN, STRIPED = (f"BLD-00{number}" for number in (1, 2, 3, 4))
ASKED = "{" + ", ".join(
    [f"'{debian}': state_wanted | state_packages('{debian}')" for debian in SLURM_OF_DEBIAN]
    + ["'asked': state_wanted | state_questions", "'accounts': state_wanted | state_accounts({'users': {}})"]
) + "}"  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    plan = tmp_path_factory.mktemp("kept") / "plan.yml"
    plan.write_text(PLAN)
    return rendered(plan, [HEAD, THIN, PLAIN, STRIPED], ASKED)


@pytest.mark.parametrize("debian", SLURM_OF_DEBIAN)
@pytest.mark.parametrize("blade", [HEAD, THIN, PLAIN, STRIPED])
def test_a_blade_is_asked_about_everything_it_may_need(kept: dict[str, Any], blade: str, debian: str) -> None:
    """Whatever its release, which only its answer tells."""
    assert kept[blade][debian]
    assert set(kept[blade][debian]) <= set(kept[blade]["asked"]["packages"])


def test_a_run_asks_about_every_package_whose_fixes_are_known(kept: dict[str, Any]) -> None:
    assert set(WATCHED) <= {name for blade in kept.values() for name in blade["asked"]["packages"]}


def test_each_daemon_only_where_it_runs(kept: dict[str, Any]) -> None:
    for blade, here, elsewhere in ((HEAD, "slurmctld", "slurmd"), (THIN, "slurmd", "slurmctld")):
        assert here in kept[blade]["12"]
        assert elsewhere not in kept[blade]["12"]
        assert f"{here}.service" in kept[blade]["asked"]["units"]
        assert f"{elsewhere}.service" not in kept[blade]["asked"]["units"]


@pytest.mark.parametrize("debian", SLURM_OF_DEBIAN)
def test_the_pmix_library_is_the_releases_own(kept: dict[str, Any], debian: str) -> None:
    """No Slurm package depends on it."""
    wanted = {"12": "libpmix2", "13": "libpmix2t64"}[debian]
    assert [name for name in kept[THIN][debian] if "pmix" in name] == [wanted]


@pytest.mark.parametrize(("blade", "programs"), [(THIN, []), (PLAIN, ["xfsprogs"]), (STRIPED, ["lvm2", "xfsprogs"])])
def test_scratch_brings_its_programs(kept: dict[str, Any], blade: str, programs: list[str]) -> None:
    for debian in SLURM_OF_DEBIAN:
        assert [name for name in kept[blade][debian] if name in ("lvm2", "xfsprogs")] == programs


def test_scratch_is_asked_about_where_the_plan_has_it(kept: dict[str, Any]) -> None:
    assert kept[HEAD]["asked"]["scratch"] == kept[THIN]["asked"]["scratch"] == {}
    striped = kept[STRIPED]["asked"]["scratch"]
    assert (striped["mount_point"], striped["layout"], len(striped["disks"])) == ("/scratch", "striped", 2)


def test_accounts_have_the_same_ids_everywhere(kept: dict[str, Any]) -> None:
    made = ['u slurm 64030 "slurm of the cluster"', 'u munge 64032 "munge of the cluster"']
    assert all(blade["accounts"] == made for blade in kept.values())


def test_the_key_is_asked_for_as_a_secret_and_never_as_a_file(kept: dict[str, Any]) -> None:
    for name, blade in kept.items():
        database = ["/etc/slurm/slurmdbd.conf"] if name == HEAD else []
        assert blade["asked"]["secrets"] == ["/etc/munge/munge.key", *database]
        assert not set(blade["asked"]["paths"]) & set(blade["asked"]["secrets"])
