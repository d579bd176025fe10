"""What is told of a compute node: its hardware, its scratch and its GPUs, in this order."""

from __future__ import annotations

from provisioner.node_doubts import node_doubts

SLURMD_C = "NodeName=x CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=8000"
GPU = {"slot": "0000:41:00.0", "id": "10de:20b0", "model": "", "driver": "", "file": ""}


def test_a_node_without_trouble_has_none() -> None:
    blade = {"slurmd_c": "", "scratch": {"right": True, "size_mib": 1}}
    assert node_doubts({"blade": blade}, "BLD-008", None) == []


def test_each_part_has_its_words() -> None:
    blade = {"slurmd_c": SLURMD_C, "cpu": {"cpus": 8}, "memory_mib": 8000, "gpus": [GPU]}
    facts = {"blade": {**blade, "scratch": {"right": True, "size_mib": 1}}, "scratch": {"waiting": [], "notes": []}}
    hardware, gpu = node_doubts(facts, "BLD-008", None)
    assert "CPUs" in hardware or "cpus" in hardware
    assert "0000:41:00.0" in gpu
    assert node_doubts(facts, "BLD-008", 0) == [hardware], "the plan wants none of its GPUs in Slurm"
