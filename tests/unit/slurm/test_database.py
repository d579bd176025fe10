"""What the database is given, and what it leaves to jobs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.config import slurm_config
from provisioner.slurm.database import buffer_pool_mib, database_memory_mib, database_settings
from provisioner.slurm.nodes import real_memory, with_database
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}


@pytest.mark.parametrize(
    ("memory", "pool"),
    [(1, 128), (1000, 256), (7800, 2304), (16000, 4096), (40000, 4096), (128000, 12800)],
    ids=["nothing", "a small guest", "8 GB", "16 GB", "40 GB", "128 GB"],
)
def test_the_database_gets_its_share_of_the_ram(memory: int, pool: int) -> None:
    assert buffer_pool_mib(memory) == pool


def test_slurmdbd_complains_of_no_fat_node() -> None:
    """Below half of what SchedMD recommends: 2 GiB, a log of 32 MiB, 900 s, 16 MiB."""
    found = database_settings(7800, {})
    assert int(str(found["innodb_buffer_pool_size"]).removesuffix("M")) >= 2048
    assert int(str(found["innodb_log_file_size"]).removesuffix("M")) >= 32
    assert found["innodb_lock_wait_timeout"] == 900
    assert int(str(found["max_allowed_packet"]).removesuffix("M")) >= 16


@given(st.integers(0, 2**22))
def test_the_database_never_takes_the_node(memory: int) -> None:
    assert buffer_pool_mib(memory) <= max(memory * 3 // 10, 128)


def test_the_site_has_the_last_word() -> None:
    site = {"Innodb_Buffer_Pool_Size": "1G", "max_allowed_packet": None, "skip_name_resolve": True}
    assert database_settings(8000, site) == {
        "innodb_buffer_pool_size": "1G",
        "innodb_log_file_size": "576M",
        "innodb_lock_wait_timeout": 900,
        "skip_name_resolve": 1,
    }


def limits(database: str, planned: dict[str, dict[str, str | int]] | None = None) -> dict[str, str]:
    """MemSpecLimit of each node of slurm.conf."""
    nodes = {"bld-008": record(), "bld-010": record()}
    lines = slurm_config({**CLUSTER, "database": database}, nodes, [], {}, planned or {})["lines"]
    pairs = [dict(word.split("=", 1) for word in line.split()) for line in lines]
    return {its["NodeName"]: its["MemSpecLimit"] for its in pairs if "NodeName" in its}


def test_jobs_are_not_given_the_memory_of_the_database() -> None:
    memory = record()["hardware"]["memory_mib"]
    usual, found = limits(""), limits("bld-010")
    assert usual["bld-008"] == found["bld-008"] == usual["bld-010"]
    assert int(found["bld-010"]) == int(usual["bld-010"]) + database_memory_mib(memory)
    assert database_memory_mib(memory) > buffer_pool_mib(memory)


def test_a_database_on_no_compute_node_takes_nothing_from_jobs() -> None:
    assert limits("bld-006") == limits("")


def test_the_plan_has_the_last_word_on_it() -> None:
    assert limits("bld-010", {"bld-010": {"MemSpecLimit": 9000}})["bld-010"] == "9000"
    assert limits("bld-010", {"bld-010": {"Weight": 9}}) == limits("bld-010")


@given(st.integers(1, 2**22))
def test_jobs_have_something_left(memory: int) -> None:
    node = {"hardware": {**record()["hardware"], "memory_mib": memory}}
    kept = int(with_database({}, {"a": node}, "a")["a"]["MemSpecLimit"])
    assert kept < real_memory(memory)
