from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.nodes import (
    default_memory_per_cpu,
    node_line,
    real_memory,
    system_memory,
)
from tests.unit.slurm.node_makers import record, records


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


@given(st.lists(records(), min_size=1, max_size=6))
def test_all_cpus_can_be_taken_by_jobs_that_name_no_memory(nodes: list[dict[str, Any]]) -> None:
    share = default_memory_per_cpu(nodes)
    assert share >= 1
    for node in nodes:
        hardware = node["hardware"]
        usable = real_memory(hardware["memory_mib"]) - system_memory(hardware["memory_mib"])
        if usable >= hardware["cpus"]:
            assert share * hardware["cpus"] <= usable
