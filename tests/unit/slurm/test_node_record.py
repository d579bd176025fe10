from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.record import node_record, node_records, record_doubts

LINE = "NodeName=x CPUs=8 Boards=1 SocketsPerBoard=2 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=7955"
BLADE = {
    "slurmd_c": f"{LINE}\nUpTime=0-00:01:00\n",
    "cpu": {"cpus": 8, "model": "Intel(R) Xeon(R) CPU E5-2603 0 @ 1.80GHz"},
    "memory_mib": 7955,
    "machine_id": "c" * 32,
}
# Ansible hands numbers of templates on as text.
PLACE = {"blade": "BLD-008", "address": "10.20.0.108", "bay": "8", "tier": "thin", "scratch_mib": "1000"}
SEEN = {"run": "r1", "at": "2026-11-23T05:00:00+00:00"}


def test_a_record_holds_place_hardware_and_who_saw_it() -> None:
    assert node_record(BLADE, PLACE, SEEN) == {
        "blade": "BLD-008",
        "address": "10.20.0.108",
        "bay": 8,
        "tier": "thin",
        "cpu_model": "Intel(R) Xeon(R) CPU E5-2603 0 @ 1.80GHz",
        "machine_id": "c" * 32,
        "hardware": {
            "cpus": 8,
            "boards": 1,
            "sockets_per_board": 2,
            "cores_per_socket": 4,
            "threads_per_core": 1,
            "memory_mib": 7955,
            "scratch_mib": 1000,
        },
        "seen": SEEN,
    }


def test_a_blade_without_slurmd_has_no_record() -> None:
    with pytest.raises(ValueError, match="no complete node line"):
        node_record({**BLADE, "slurmd_c": ""}, PLACE, SEEN)


def test_doubts_tell_of_the_kernels_other_count() -> None:
    assert record_doubts(BLADE) == []
    assert record_doubts({**BLADE, "memory_mib": 6000}) == ["slurmd measures 7955 MiB, /proc/meminfo 6000 MiB"]


def host(name: str, slurmd_c: str = LINE, **facts: object) -> dict[str, object]:
    """The variables of a host of a run, as Ansible has them."""
    blade = {**BLADE, "slurmd_c": slurmd_c, "scratch": {"right": True, "size_mib": 500}}
    place = {"blade_id": name.upper(), "ansible_host": "10.20.0.108", "blade_bay": 8, "blade_tier": "thin"}
    return {"inventory_hostname": name, **place, "ansible_facts": {"blade": blade, **facts}}


def test_records_of_a_run_go_by_node_name() -> None:
    records = node_records([host("bld-008"), host("bld-011")], SEEN)
    assert list(records) == ["bld-008", "bld-011"]
    assert records["bld-008"] == node_record(BLADE, PLACE | {"scratch_mib": 500}, SEEN)


def test_scratch_that_this_run_made_counts() -> None:
    """The facts of before know nothing of it."""
    made = node_records([host("bld-008", scratch={"size_mib": 900})], SEEN)
    assert made["bld-008"]["hardware"]["scratch_mib"] == 900


def test_a_node_without_slurmd_yet_has_no_record() -> None:
    assert node_records([host("bld-008", slurmd_c="")], SEEN) == {}
    assert record_doubts({**BLADE, "slurmd_c": ""}) == []


UNUSABLE: dict[str, dict[str, Any]] = {
    "no facts": {"inventory_hostname": "bld-009", "ansible_facts": {}},
    "facts are text": {"inventory_hostname": "bld-009", "ansible_facts": "x"},
    "blade is a list": {"inventory_hostname": "bld-009", "ansible_facts": {"blade": []}},
    "slurmd says nonsense": host("bld-009", slurmd_c="NodeName=x CPUs=-1"),
    "negative memory": host("bld-009", slurmd_c=LINE.replace("RealMemory=7955", "RealMemory=-1")),
    "no CPUs": host("bld-009", slurmd_c=LINE.replace("CPUs=8", "CPUs=0")),
    "scratch is NaN": host("bld-009", scratch={"size_mib": "NaN"}),
    "model is a list": host("bld-009") | {"ansible_facts": {"blade": {**BLADE, "cpu": {"model": []}}}},
    "a name of two lines": {**host("bld-009"), "inventory_hostname": "bld-009\nNodeName=evil"},
    "an address of two": {**host("bld-009"), "ansible_host": "10.20.0.108\nNodeName=evil"},
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_one_unusable_node_costs_no_other_its_record(case: str) -> None:
    """It was looked at before; whatever its facts became since, the run goes on for the others."""
    assert list(node_records([UNUSABLE[case], host("bld-011")], SEEN)) == ["bld-011"]
