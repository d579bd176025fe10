from __future__ import annotations

import pytest

from provisioner.survey.kinds import MOST_TIERS, sort_kinds
from provisioner.survey.machine import UNKNOWN, Machine
from tests.unit.survey.machines import free_disk, machine

A100 = ["10de:20b0"]


def tiers(machines: list[Machine]) -> list[str]:
    return [kind.tier for kind in sort_kinds(machines)]


def test_equal_machines_are_one_tier() -> None:
    machines = [machine(n, memory_mib=64_000 + n) for n in range(4)]
    assert tiers(machines) == ["compute"] * 4
    assert sort_kinds(machines)[0].what == "32 CPUs, 64 GiB, AMD EPYC 7302 16-Core Processor"


def test_machines_with_gpus_are_another_one() -> None:
    kinds = sort_kinds([machine(1), machine(2, gpus=A100 * 2)])
    assert [kind.tier for kind in kinds] == ["compute", "gpu"]
    assert kinds[1].what.startswith("32 CPUs, 64 GiB, 2 x GPU 10de:20b0, ")


def test_machines_of_several_sizes_have_it_in_the_name() -> None:
    machines = [machine(1), machine(2, memory_mib=128_000), machine(3)]
    assert tiers(machines) == ["compute-32c-64g", "compute-32c-128g", "compute-32c-64g"]


def test_what_differs_in_nothing_that_a_name_tells_gets_a_number() -> None:
    other = {"cpus": 32, "model": "Xeon"}
    assert tiers([machine(1), machine(2, cpu=other)]) == ["compute-32c-64g-1", "compute-32c-64g-2"]


def test_many_kinds_are_two_tiers() -> None:
    machines = [machine(n, memory_mib=8_000 * n) for n in range(1, MOST_TIERS + 2)]
    assert set(tiers(machines)) == {"compute"}
    assert sort_kinds(machines)[0].what == "32 CPUs, AMD EPYC 7302 16-Core Processor"


def test_free_disks_are_those_that_all_of_a_kind_have() -> None:
    machines = [machine(n, disks=[free_disk(n), free_disk(100 + n), free_disk(200 + n, 900)]) for n in range(2)]
    assert sort_kinds(machines)[0].free_disks == {300: 2, 900: 1}


@pytest.mark.parametrize("verdict", ["boot", "used", "scratch"])
def test_another_disk_is_not_free(verdict: str) -> None:
    assert sort_kinds([machine(1, disks=[free_disk(1, verdict=verdict)])])[0].free_disks == {}


def test_machines_that_were_not_asked() -> None:
    assert sort_kinds([UNKNOWN, UNKNOWN])[0].what == "not looked at"
    assert sort_kinds([]) == []
