from __future__ import annotations

from typing import Any

from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.nodes import (
    PLACEHOLDER_PARTITION,
    default_memory_per_cpu,
    node_line,
    partition_lines,
    real_memory,
    system_memory,
)
from tests.unit.slurm.node_makers import record, records, registries

PARTITIONS = [
    {"name": name, "tier": tier, "max_time": "7-00:00:00", "priority_tier": 1}
    for name, tier in (("big", "fat"), ("medium", "medium"), ("thin", "thin"))
]


@given(st.integers(1024, 4 * 1024 * 1024))
def test_promised_memory_is_a_little_less_than_measured(memory: int) -> None:
    promised = real_memory(memory)
    assert 0.96 * memory - 16 < promised < memory
    assert promised % 16 == 0
    assert 256 <= system_memory(memory) <= 1024
    assert system_memory(memory) < promised


@given(st.integers(1024, 10**6))
def test_noise_of_one_start_does_not_break_the_promise(memory: int) -> None:
    assert real_memory(memory) <= memory * 0.98


def test_tmpdisk_only_with_scratch() -> None:
    assert "TmpDisk" not in node_line("bld-008", record())
    assert node_line("bld-008", record(scratch_mib=1000))["TmpDisk"] == 980


def test_features_are_tier_bay_and_cpu() -> None:
    assert node_line("bld-008", record())["Features"] == "medium,bay8,e5-2609"
    assert node_line("bld-008", record(cpu_model=""))["Features"] == "medium,bay8"


@given(records())
def test_a_node_line_is_one_line_of_plain_words(node: dict[str, Any]) -> None:
    line = node_line("bld-008", node)
    assert list(line)[:2] == ["NodeName", "NodeAddr"]
    for value in line.values():
        assert not set(str(value)) & set(" \n\"'#=")


@given(registries)
def test_partitions_cover_all_nodes(nodes: dict[str, dict[str, Any]]) -> None:
    lines = partition_lines(PARTITIONS, nodes)
    if not nodes:
        assert lines == [PLACEHOLDER_PARTITION]
        return
    by_name = {line["PartitionName"]: set(NodeSet(str(line["Nodes"]))) for line in lines}
    assert by_name["all"] == set(nodes)
    for partition in PARTITIONS:
        its = {name for name, node in nodes.items() if node["tier"] == partition["tier"]}
        assert by_name.get(str(partition["name"]), set()) == its
    assert [line["PartitionName"] for line in lines if line.get("Default") == "YES"] == ["all"]


@given(st.lists(records(), min_size=1, max_size=6))
def test_all_cpus_can_be_taken_by_jobs_that_name_no_memory(nodes: list[dict[str, Any]]) -> None:
    share = default_memory_per_cpu(nodes)
    assert share >= 1
    for node in nodes:
        hardware = node["hardware"]
        usable = real_memory(hardware["memory_mib"]) - system_memory(hardware["memory_mib"])
        if usable >= hardware["cpus"]:
            assert share * hardware["cpus"] <= usable


def test_nodes_fold_as_slurm_writes_them() -> None:
    lines = partition_lines([], {name: record() for name in ("bld-008", "bld-009", "bld-011")})
    assert lines[0]["Nodes"] == "bld-[008-009,011]"
