"""What the plan says of nodes in slurm.conf, beside what was discovered on them."""

from __future__ import annotations

from typing import Any

import pytest
from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.change import Kind, config_change
from provisioner.slurm.config import slurm_config
from provisioner.slurm.nodes import host_list, node_line, system_memory
from provisioner.slurm.partitions import partition_lines
from provisioner.slurm.record import node_record
from provisioner.slurm.record_shape import record_trouble
from provisioner.slurm.settings import site_problems
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "head01", "address": "10.20.0.2", "tmp_fs": "/scratch"}
SEEN = {"run": "r", "at": "now"}


def text(nodes: dict[str, Any], planned: dict[str, Any]) -> str:
    model = slurm_config(CLUSTER, nodes, [], {}, planned)
    return "\n".join([*(f"{key}={value}" for key, value in model["settings"].items()), *model["lines"]]) + "\n"


def test_features_of_the_plan_come_behind_those_that_were_found() -> None:
    line = node_line("node001", record(), {"Features": "ib,medium", "Weight": 10, "CoreSpecCount": 1})
    assert line["Features"] == "medium,bay8,e5-2609,ib"
    assert (line["Weight"], line["CoreSpecCount"]) == (10, 1)


def test_a_node_without_a_bay_has_no_feature_for_it() -> None:
    plain = {key: value for key, value in record().items() if key != "bay"}
    assert node_line("node001", plain)["Features"] == "medium,e5-2609"


def test_memory_kept_by_the_plan_counts_for_the_partition() -> None:
    node = record()
    line = node_line("node001", node, {"MemSpecLimit": 4000})
    assert line["MemSpecLimit"] == 4000
    usual = partition_lines([], {"node001": node})[0]["DefMemPerCPU"]
    less = partition_lines([], {"node001": node}, {"node001": {"MemSpecLimit": 4000}})[0]["DefMemPerCPU"]
    kept = system_memory(node["hardware"]["memory_mib"])
    assert int(usual) - int(less) == pytest.approx((4000 - kept) / node["hardware"]["cpus"], abs=1)


@pytest.mark.parametrize("version", ["22.05.8", "24.11.5"])
@pytest.mark.parametrize(
    "planned", [{"Features": "ib"}, {"Weight": 7}, {"MemSpecLimit": 300}, {"CoreSpecCount": 1}, {"CpuBind": "core"}]
)
def test_another_key_of_a_node_restarts_nothing(planned: dict[str, Any], version: str) -> None:
    nodes = {"node001": record(), "node002": record()}
    change = config_change([text(nodes, {})], text(nodes, {"node002": planned}), version)
    assert change.kind is Kind.RECONFIGURE
    assert change.why[0].startswith("node002: ")
    assert (change.nodes_gone, change.nodes_rebuilt, change.partitions_gone) == ((), (), ())


def test_a_node_that_is_not_in_the_registry_gets_no_line() -> None:
    assert "node009" not in text({"node001": record()}, {"node009": {"Weight": 1}})


NAMES = st.from_regex(r"[a-z]{1,3}[0-9]{1,3}(-[a-z]{1,2}|-[0-9]{1,2}|r[0-9]{1,2})?", fullmatch=True)


@given(st.sets(NAMES, min_size=1, max_size=40))
def test_slurm_finds_brackets_at_the_end_of_a_name_only(names: set[str]) -> None:
    folded = host_list(names)
    assert set(NodeSet(folded)) == names
    depth = 0
    for one, after in zip(folded, f"{folded[1:]},", strict=True):
        depth += (one == "[") - (one == "]")
        assert depth in (0, 1)
        assert one != "]" or after == ",", folded


def test_racks_fold_by_the_last_number() -> None:
    names = [f"r{rack}n{number:02}" for rack in (1, 2) for number in (1, 2, 3)]
    assert host_list(names) == "r1n[01-03],r2n[01-03]"
    assert host_list(["gpu1a", "gpu2a", "login"]) == "gpu1a,gpu2a,login"
    assert host_list(["sv2024010199", "sv2024010200"]) == "sv2024010199,sv2024010200", "more than Slurm counts to"


def test_a_record_may_have_no_bay_and_an_ipv6_address() -> None:
    blade = {
        "slurmd_c": "NodeName=x CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=4000",
        "cpu": {"model": "x"}, "machine_id": "a" * 32,
    }  # fmt: skip
    place = {"blade": "Node7", "address": "fd00:20::2", "bay": None, "tier": "compute", "scratch_mib": 0}
    made = node_record(blade, place, SEEN)
    assert "bay" not in made
    assert record_trouble("7node", made) == ""
    assert record_trouble("node_7", made) != ""


def test_ipv6_is_written_as_slurm_reads_it() -> None:
    cluster = {**CLUSTER, "address": "fd00:20::2"}
    settings = slurm_config(cluster, {}, [], {"CommunicationParameters": "NoCtldInAddrAny"})["settings"]
    assert settings["SlurmctldHost"] == "head01([fd00:20::2])"
    assert set(settings["CommunicationParameters"].split(",")) == {"block_null_hash", "EnableIPv6", "NoCtldInAddrAny"}
    assert "EnableIPv6" not in slurm_config(CLUSTER, {}, [], {})["settings"]["CommunicationParameters"]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ({"node001": {"Features": "a b"}}, "Features cannot stand"),
        ({"node001": {"Weight": "1 State=DOWN"}}, "Weight cannot stand"),
        ({"node001": {"CPUs": 4}}, "'CPUs' of node001 is not one of"),
        ({"node001": {"CpuSpecList": "0\nNodeName=x"}}, "CpuSpecList cannot stand"),
        ({"node 1": {}}, "is no name of a node"),
        ({"node001": []}, "has to be named values"),
        ([], "has to be keys by node name"),
    ],
)
def test_group_vars_may_not_say_more_than_the_plan(nodes: Any, words: str) -> None:
    (said,) = site_problems({"slurmctld_nodes": nodes})
    assert words in said


def test_what_the_plan_says_is_fine() -> None:
    planned = {"Features": "ib,nvme", "Weight": 10, "CoreSpecCount": 1, "CpuBind": "core", "CpuSpecList": "0-1,4"}
    assert site_problems({"slurmctld_nodes": {"7node": planned}}) == []
