"""Partition lines: of tiers, of names that the plan gives, and what preemption needs."""

from __future__ import annotations

from typing import Any

from ClusterShell.NodeSet import NodeSet
from hypothesis import given

from provisioner.slurm.partitions import PLACEHOLDER_PARTITION, partition_lines
from tests.unit.slurm.node_makers import record, registries

PARTITIONS = [
    {"name": name, "tier": tier, "max_time": "7-00:00:00", "priority_tier": 1}
    for name, tier in (("big", "fat"), ("medium", "medium"), ("thin", "thin"))
]


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


def test_nodes_fold_as_slurm_writes_them() -> None:
    lines = partition_lines([], {name: record() for name in ("bld-008", "bld-009", "bld-011")})
    assert lines[0]["Nodes"] == "bld-[008-009,011]"
