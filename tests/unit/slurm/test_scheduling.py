from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.config import slurm_config
from provisioner.slurm.keys import is_key
from provisioner.slurm.scheduling import (
    FACTORS,
    FAIR_SHARE,
    LARGE,
    backfill_settings,
    priority_settings,
    requeue_settings,
)
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
# From slurm.conf(5) of 22.05 and of 24.11: the least and the most that each takes.
BOUNDS = {
    "bf_window": (1, 43200),
    "bf_resolution": (1, 3600),
    "bf_max_job_test": (1, 1_000_000),
    "bf_max_job_user": (0, 1000),
    "bf_interval": (1, 10800),
    "bf_yield_interval": (1, 10_000_000),
    "sched_min_interval": (0, 10_000_000),
    "max_rpc_cnt": (10, 255),
}


def words(nodes: int, *limits: str) -> dict[str, int]:
    """The numbers in SchedulerParameters."""
    said = str(backfill_settings(nodes, limits)["SchedulerParameters"]).split(",")
    return {key: int(value) for key, _, value in (word.partition("=") for word in said) if value}


def test_an_admins_word_beats_everything_that_is_computed() -> None:
    weights = {key: int(value) for key, value in FACTORS.items() if key.startswith("PriorityWeight")}
    computed = sum(weights.values()) - weights["PriorityWeightQOS"] + FAIR_SHARE
    assert weights["PriorityWeightQOS"] > computed


def test_who_used_nothing_is_before_who_used_much_however_long_that_waited() -> None:
    assert int(FACTORS["PriorityWeightAge"]) + int(FACTORS["PriorityWeightJobSize"]) < FAIR_SHARE


@pytest.mark.parametrize(
    ("accounting", "accounts", "plugin", "share"),
    [
        (False, False, "priority/basic", None),
        (False, True, "priority/basic", None),
        (True, False, "priority/multifactor", None),
        (True, True, "priority/multifactor", FAIR_SHARE),
    ],
)
def test_fair_share_is_there_with_accounts(accounting: bool, accounts: bool, plugin: str, share: int | None) -> None:
    found = priority_settings(accounting, accounts)
    assert (found["PriorityType"], found.get("PriorityWeightFairshare")) == (plugin, share)
    assert (len(found) > 1) == accounting


@pytest.mark.parametrize(
    ("limits", "window"),
    [
        ([], 1440),
        (["90"], 1440),
        (["7-00:00:00", "1-00:00:00"], 10080),
        (["7-00:00:00", "UNLIMITED"], 43200),
        (["90-00:00:00"], 43200),
        (["2-00:00:30", "2880"], 2881),
    ],
)
def test_backfill_looks_as_far_as_the_longest_job_lasts(limits: list[str], window: int) -> None:
    assert words(16, *limits)["bf_window"] == window


@given(st.integers(0, 5000), st.lists(st.integers(0, 10**6).map(str) | st.sampled_from(["UNLIMITED", "7-00:00:00"])))
def test_slurm_takes_every_number(nodes: int, limits: list[str]) -> None:
    found = words(nodes, *limits)
    assert found.keys() <= BOUNDS.keys()
    assert [key for key, value in found.items() if not BOUNDS[key][0] <= value <= BOUNDS[key][1]] == []
    assert found["bf_max_job_user"] <= found["bf_max_job_test"]


def test_a_large_cluster_answers_while_it_plans() -> None:
    small, large = words(LARGE - 1, "7-00:00:00"), words(LARGE, "7-00:00:00")
    assert large["bf_resolution"] > small["bf_resolution"]
    assert {"max_rpc_cnt", "bf_yield_interval"} & small.keys() == set()
    assert {"max_rpc_cnt", "bf_yield_interval"} <= large.keys()


def test_a_further_node_changes_nothing_of_it() -> None:
    one = slurm_config(CLUSTER, {"bld-002": record()}, [], {})["settings"]
    two = slurm_config(CLUSTER, {"bld-002": record(), "bld-003": record()}, [], {})["settings"]
    assert one == two


def test_a_job_is_launched_twice_where_the_release_can_say_so() -> None:
    assert requeue_settings((22, 5)) == {"JobRequeue": 1}
    assert requeue_settings((24, 11)) == {"JobRequeue": 1, "MaxBatchRequeue": 2}


def test_every_key_is_one_and_the_site_may_set_each() -> None:
    ours = {**priority_settings(True, True), **backfill_settings(1000, []), **requeue_settings((24, 11))}
    assert [key for key in ours if not is_key("slurmctld_config", key)] == []
    site = dict.fromkeys(ours, "1")
    cluster = {**CLUSTER, "version": "24.11.5", "accounting": "10.20.0.106", "accounts": True}
    found = slurm_config(cluster, {}, [], site)["settings"]
    assert {key: found[key] for key in ours} == site


@pytest.mark.parametrize("enforced", [False, True])
@pytest.mark.parametrize("accounting", ["", "10.20.0.106"])
def test_limits_are_enforced_when_said_and_with_a_database_only(accounting: str, enforced: bool) -> None:
    found = slurm_config({**CLUSTER, "accounting": accounting, "enforced": enforced}, {}, [], {})["settings"]
    wanted = "associations,limits,qos,safe" if accounting and enforced else None
    assert found.get("AccountingStorageEnforce") == wanted
