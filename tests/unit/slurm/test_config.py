from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.config import CGROUP_SETTINGS, default_settings, merge_settings, slurm_config
from provisioner.slurm.settings import settings_problems
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
DEFAULTS = default_settings("demo", "bld-006", "10.20.0.106")
keys = st.one_of(
    st.sampled_from(sorted(DEFAULTS)).flatmap(lambda key: st.sampled_from([key, key.lower(), key.upper()])),
    st.text("abcdefXYZ", min_size=1, max_size=8),
)
values = st.one_of(st.none(), st.booleans(), st.integers(), st.text("abc,/=", max_size=6))
site_settings = st.dictionaries(keys, values, max_size=8)


@given(site_settings)
def test_no_key_stands_twice_whatever_its_case(site: dict[str, Any]) -> None:
    merged = merge_settings(DEFAULTS, site)
    assert len({key.lower() for key in merged}) == len(merged)


@given(site_settings)
def test_the_sites_last_word_counts(site: dict[str, Any]) -> None:
    merged = {key.lower(): value for key, value in merge_settings(DEFAULTS, site).items()}
    last = {key.lower(): value for key, value in site.items()}
    words = {True: "YES", False: "NO"}
    last.pop("slurmctldparameters", None)  # a key where a word of ours stays: see below
    assert "enable_configless" in str(merged.pop("slurmctldparameters")).split(",")
    signed = last.pop("communicationparameters", "block_null_hash")
    assert signed is None or "block_null_hash" in str(merged["communicationparameters"]).split(",")
    for key, value in last.items():
        if value is None:
            assert key not in merged
        else:
            assert merged[key] == (words[value] if isinstance(value, bool) else value)
    for key, value in DEFAULTS.items():
        if key.lower() not in last and key not in ("SlurmctldParameters", "CommunicationParameters"):
            assert merged[key.lower()] == value


@given(site_settings)
def test_merging_twice_is_merging_once(site: dict[str, Any]) -> None:
    once = merge_settings(DEFAULTS, site)
    assert merge_settings(once, site) == once


@pytest.mark.parametrize(
    ("site", "printed"),
    [
        ({}, "enable_configless,node_reg_mem_percent=95"),
        ({"slurmctldparameters": "idle_on_node_suspend"}, "enable_configless,idle_on_node_suspend"),
        ({"SlurmctldParameters": "power_save,enable_configless"}, "power_save,enable_configless"),
        ({"SlurmctldParameters": None}, "enable_configless"),
        ({"SlurmctldParameters": ""}, "enable_configless"),
    ],
)
def test_nodes_always_get_their_configuration(site: dict[str, Any], printed: str) -> None:
    assert merge_settings(DEFAULTS, site)["SlurmctldParameters"] == printed


def test_a_file_without_slurmctlds_parameters_gets_none() -> None:
    assert merge_settings(CGROUP_SETTINGS, {}) == CGROUP_SETTINGS


@pytest.mark.parametrize("key", ["ClusterName", "clustername", "SLURMCTLDPORT", "TmpFS", "NodeName", "SlurmUser"])
@pytest.mark.parametrize("value", ["x", None])
def test_keys_of_ours_are_refused_whatever_their_case(key: str, value: str | None) -> None:
    (problem,) = settings_problems({"MessageTimeout": 60, key: value})
    assert f"may not set {key}: " in problem
    assert "; next: " in problem
    assert "MessageTimeout" not in problem


def test_all_refused_keys_are_named_at_once() -> None:
    (problem,) = settings_problems({"TmpFS": "/tmp", "slurmdport": 7000})
    assert "may not set TmpFS, slurmdport: the plan and the registry say it and units" in problem


def test_what_the_registry_or_the_plan_says_is_refused() -> None:
    """Whatever the site would set of these is said elsewhere already, or twice in the file."""
    model = slurm_config(CLUSTER, {"bld-002": record()}, [], {})
    written = {"ClusterName", "SlurmctldHost", "TmpFS", "NodeName", "NodeAddr", "PartitionName"}
    keys = {pair.split("=")[0] for line in model["lines"] for pair in line.split()}
    assert written <= {*model["settings"], *keys}
    for key in written:
        assert settings_problems({key: "x"}), key


@given(st.dictionaries(st.sampled_from(["MessageTimeout", "mailprog", "TreeWidth", "SlurmctldParameters"]), values))
def test_every_other_key_is_the_sites(site: dict[str, Any]) -> None:
    assert settings_problems(site) == []


def test_scratch_is_where_the_cluster_has_it() -> None:
    settings = slurm_config({**CLUSTER, "tmp_fs": "/work"}, {}, [], {})["settings"]
    assert settings["TmpFS"] == "/work"


def test_our_spelling_and_order_stay() -> None:
    merged = merge_settings(DEFAULTS, {"messagetimeout": 60, "MaxNodeCount": 32})
    assert merged["MessageTimeout"] == 60
    assert list(merged) == [*DEFAULTS, "MaxNodeCount"]


def test_the_controller_is_named_with_its_address() -> None:
    """A name alone would need DNS on every blade."""
    assert DEFAULTS["SlurmctldHost"] == "bld-006(10.20.0.106)"


def test_a_cluster_without_nodes_still_starts() -> None:
    assert slurm_config(CLUSTER, {}, [], {})["lines"] == [
        "NodeName=none-yet NodeAddr=127.0.0.1 State=DOWN Reason=placeholder",
        "PartitionName=all Nodes=none-yet Default=YES State=UP",
    ]


def test_nodes_come_in_the_order_of_their_names() -> None:
    model = slurm_config(CLUSTER, {"bld-011": record(), "bld-002": record()}, [], {})
    assert [line.split()[0] for line in model["lines"][:2]] == ["NodeName=bld-002", "NodeName=bld-011"]


def test_cgroup_keys_can_be_set_and_dropped() -> None:
    merged = merge_settings(CGROUP_SETTINGS, {"constraincores": False, "ConstrainDevices": None})
    assert merged["ConstrainCores"] == "NO"
    assert "ConstrainDevices" not in merged


def test_messages_are_signed_beside_other_words_of_the_site() -> None:
    def words(site: dict[str, Any]) -> Any:
        return merge_settings(DEFAULTS, site).get("CommunicationParameters")

    assert words({}) == "block_null_hash"
    assert words({"communicationparameters": "keepaliveinterval=60"}) == "block_null_hash,keepaliveinterval=60"
    assert words({"CommunicationParameters": "keepaliveinterval=60,block_null_hash"}) == (
        "keepaliveinterval=60,block_null_hash"
    )
    assert words({"CommunicationParameters": None}) is None
    assert "CommunicationParameters" not in merge_settings(CGROUP_SETTINGS, {})
