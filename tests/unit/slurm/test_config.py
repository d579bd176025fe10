from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.config import CGROUP_SETTINGS, default_settings, merge_settings, slurm_config
from provisioner.slurm.nodes import PLACEHOLDER_NODE, PLACEHOLDER_PARTITION
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106"}
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
    for key, value in last.items():
        if value is None:
            assert key not in merged
        else:
            assert merged[key] == (words[value] if isinstance(value, bool) else value)
    for key, value in DEFAULTS.items():
        if key.lower() not in last:
            assert merged[key.lower()] == value


@given(site_settings)
def test_merging_twice_is_merging_once(site: dict[str, Any]) -> None:
    once = merge_settings(DEFAULTS, site)
    assert merge_settings(once, site) == once


def test_our_spelling_and_order_stay() -> None:
    merged = merge_settings(DEFAULTS, {"messagetimeout": 60, "MaxNodeCount": 32})
    assert merged["MessageTimeout"] == 60
    assert list(merged) == [*DEFAULTS, "MaxNodeCount"]


def test_the_controller_is_named_with_its_address() -> None:
    """A name alone would need DNS on every blade."""
    assert DEFAULTS["SlurmctldHost"] == "bld-006(10.20.0.106)"


def test_a_cluster_without_nodes_still_starts() -> None:
    model = slurm_config(CLUSTER, {}, [], {})
    assert (model["nodes"], model["partitions"]) == ([PLACEHOLDER_NODE], [PLACEHOLDER_PARTITION])


def test_nodes_come_in_the_order_of_their_names() -> None:
    model = slurm_config(CLUSTER, {"bld-011": record(), "bld-002": record()}, [], {})
    assert [line["NodeName"] for line in model["nodes"]] == ["bld-002", "bld-011"]


def test_cgroup_keys_can_be_set_and_dropped() -> None:
    merged = merge_settings(CGROUP_SETTINGS, {"constraincores": False, "ConstrainDevices": None})
    assert merged["ConstrainCores"] == "NO"
    assert "ConstrainDevices" not in merged
