"""Partition lines: of tiers, of names that the plan gives, and what preemption needs."""

from __future__ import annotations

from typing import Any

import pytest
from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.partitions import PLACEHOLDER_PARTITION, nameless, partition_lines, preemption_settings
from provisioner.slurm.times import minutes, shorter
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


NODES = {name: record() for name in ("bld-008", "bld-009", "bld-011")}


def named(name: str, *nodes: str, tier: int = 1, **keys: Any) -> dict[str, Any]:
    return {"name": name, "nodes": list(nodes), "max_time": "7-00:00:00", "priority_tier": tier, "keys": keys}


def by_name(lines: list[Any]) -> dict[str, dict[str, Any]]:
    return {line["PartitionName"]: line for line in lines}


def test_partitions_that_the_plan_names_are_all_that_people_have() -> None:
    lines = partition_lines([named("low", "bld-008", "bld-020", Default="YES"), named("none", "bld-021")], NODES)
    assert [line["PartitionName"] for line in lines] == ["all", "low"]
    everything, low = lines
    assert (low["Nodes"], low["Default"]) == ("bld-008", "YES")
    assert (everything["Nodes"], everything["AllowGroups"]) == ("bld-[008-009,011]", "nogroup")
    assert "Default" not in everything


@given(registries, st.lists(st.sets(st.sampled_from(sorted(NODES))), min_size=1, max_size=4), st.integers(0, 9))
def test_every_line_names_nodes_that_there_are_and_verification_is_above_nobody(
    nodes: dict[str, Any], sets: list[set[str]], tier: int
) -> None:
    given_ = [named(f"p{number}", *names, tier=tier + number) for number, names in enumerate(sets)]
    for line in partition_lines(given_, nodes, preemption={"by": "partition", "mode": "suspend"}):
        if nodes:
            assert line["Nodes"]
            assert set(NodeSet(str(line["Nodes"]))) <= nodes.keys()
            assert next(iter(line)) == "PartitionName"
            assert minutes(str(line["DefaultTime"])) <= minutes(str(line["MaxTime"]))
            if line["PartitionName"] == "all":
                assert line["PriorityTier"] == tier


@pytest.mark.parametrize(
    ("partition", "site", "expected"),
    [
        ({}, "1-00:00:00", "1-00:00:00"),
        ({"max_time": "90"}, "1-00:00:00", "90"),
        ({"max_time": "UNLIMITED"}, "1-00:00:00", "1-00:00:00"),
        ({"default_time": "2-00:00:00"}, "1-00:00:00", "2-00:00:00"),
        ({}, "60", "60"),
    ],
)
def test_a_job_that_names_no_time_gets_less_than_the_longest(partition: Any, site: str, expected: str) -> None:
    lines = by_name(partition_lines([named("low", "bld-008") | partition], NODES, default_time=site))
    assert lines["low"]["DefaultTime"] == expected


def test_without_preemption_slurm_hears_nothing_of_it() -> None:
    assert preemption_settings({}) == {}
    assert not any({"PreemptMode", "OverSubscribe"} & line.keys() for line in partition_lines(PARTITIONS, NODES))


def test_who_suspends_needs_gang_and_one_job_on_a_core() -> None:
    rule = {"by": "partition", "mode": "requeue", "exempt_time": "5"}
    low, high = named("low", "bld-008", PreemptMode="SUSPEND"), named("high", "bld-008", tier=10)
    assert preemption_settings(rule, [high]) == {
        "PreemptType": "preempt/partition_prio",
        "PreemptMode": "REQUEUE",
        "PreemptExemptTime": "5",
    }
    assert preemption_settings(rule, [low, high])["PreemptMode"] == "REQUEUE,GANG"
    assert preemption_settings({"by": "partition", "mode": "suspend"})["PreemptMode"] == "SUSPEND,GANG"
    lines = by_name(partition_lines([low, high], NODES, preemption=rule))
    assert {name: line["OverSubscribe"] for name, line in lines.items()} == {
        "all": "NO", "low": "FORCE:1", "high": "FORCE:1",
    }  # fmt: skip
    assert lines["all"]["PreemptMode"] == "OFF"


def test_by_qos_partitions_have_no_part_in_it() -> None:
    rule = {"by": "qos", "mode": "cancel"}
    assert preemption_settings(rule) == {"PreemptType": "preempt/qos", "PreemptMode": "CANCEL"}
    lines = by_name(partition_lines([named("low", "bld-008")], NODES, preemption=rule))
    assert not any("PreemptMode" in line for line in lines.values())


def test_times_are_compared_as_slurm_reads_them() -> None:
    assert [minutes(time) for time in ("90", "1:30:00", "1-00:00:00", "0:00:30")] == [90, 90, 1440, 0.5]
    assert shorter("UNLIMITED", "7-00:00:00") == "7-00:00:00"


def test_nobody_is_named_whom_the_database_cannot_have_yet() -> None:
    said: dict[str, Any] = {
        "AllowAccounts": "physics",
        "DenyAccounts": "bio",
        "AllowQos": "normal",
        "DenyQos": "low",
        "QOS": "few",
    }
    kept: dict[str, Any] = {"Default": "YES", "AllowGroups": "ada"}
    assert nameless([named("low", "bld-008", **said, **kept)]) == [named("low", "bld-008", **kept)]
    assert nameless(PARTITIONS) == PARTITIONS
