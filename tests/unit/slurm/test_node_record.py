from __future__ import annotations

import pytest

from provisioner.slurm.record import node_record, record_doubts

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
