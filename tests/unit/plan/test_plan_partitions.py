"""Partitions that a plan names: their nodes, whom they name, and that no mistake in them is more than a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.plan.derive import compute_blades
from provisioner.plan.derive_partitions import blades_by_partition, partition_names, preemption_rule, slurm_partitions
from provisioner.plan.load import load_plan, parse_plan
from provisioner.plan.model import Plan, PlanFile
from provisioner.plan.overview import overview
from provisioner.plan.partition import split_set
from provisioner.plan.problems import PlanError, Problem
from provisioner.slurm.partitions import nameless
from provisioner.slurm.settings import site_problems
from tests.contracts.ansible_files import ROOT

SITE: dict[str, Any] = {
    "cluster": {"name": "lab", "network": "10.20.0.0/22", "controller": "head01"},
    "tiers": {
        "head": {"slurm": ["controller", "compute"]},
        "cpu": {"slurm": ["compute"], "features": ["ib"]},
        "gpu": {"slurm": ["compute"]},
    },
    "nodes": {
        "head01": {"address": "10.20.0.2", "tier": "head", "ram": 64},
        "node[001-004]": {"address": "10.20.1.1", "tier": "cpu", "ram": 256},
        "gpu[01-02]": {"address": "10.20.2.1", "tier": "gpu", "ram": 512},
    },
}
WORDS = (
    "node001", "node[001-002],gpu01", "node[001-", "node009", "head01", "cpu", "gpu", "ib", "all", "default", "", "a b",
    "90", "1:00:00", "7-00:00:00", "UNLIMITED", "requeue", "suspend", "none", "qos", "partition", "exclusive",
    "force:2",
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("by", "mode", "x")), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = tuple(PlanFile.model_json_schema()["$defs"]["NamedPartition"]["properties"])
entries = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)


def plan_of(**more: Any) -> Plan:
    return parse_plan(yaml.safe_dump({**SITE, **more}, sort_keys=False), Path("plan.yml"))


def test_a_partition_has_the_nodes_that_any_of_its_words_names() -> None:
    plan = plan_of(
        partitions={
            "everything": {},
            "set": {"nodes": "gpu02,node[003-004]"},
            "tier": {"tiers": "gpu"},
            "feature": {"features": ["ib"]},
            "both": {"nodes": ["node001"], "tiers": ["gpu"]},
        }
    )
    cpu, gpu = [f"node{number:03}" for number in range(1, 5)], ["gpu01", "gpu02"]
    assert blades_by_partition(plan) == {
        "everything": [*cpu, *gpu],
        "set": ["node003", "node004", "gpu02"],
        "tier": gpu,
        "feature": cpu,
        "both": ["node001", *gpu],
    }


def test_a_plan_without_partitions_has_one_for_each_tier_that_computes() -> None:
    plan = plan_of()
    assert blades_by_partition(plan) == {"head": [], "cpu": compute_blades(plan)[:4], "gpu": ["gpu01", "gpu02"]}
    assert [sorted(partition) for partition in slurm_partitions(plan)] == [
        ["max_time", "name", "priority_tier", "tier"]
    ] * 3
    assert preemption_rule(plan) == {}
    assert [row.partition for row in overview(plan).partitions] == ["cpu", "gpu"]


def test_every_account_and_qos_is_known_with_its_place() -> None:
    plan = load_plan(ROOT / "tests/plans/partitions-named/plan.yml")
    assert list(partition_names(plan)) == [
        (("partitions", "Batch", "deny_accounts", 0), "account", "guests"),
        (("partitions", "gpu", "allow_accounts", 0), "account", "physics"),
        (("partitions", "gpu", "allow_accounts", 1), "account", "bio"),
        (("partitions", "gpu", "allow_qos", 0), "qos", "normal"),
        (("partitions", "gpu", "allow_qos", 1), "qos", "long"),
        (("partitions", "gpu", "qos"), "qos", "part_gpu"),
    ]
    left = str(nameless(slurm_partitions(plan)))
    assert [name for _, _, name in partition_names(plan) if re.search(rf"\b{name}\b", left)] == []


def test_a_node_set_is_split_between_its_sets_only() -> None:
    assert split_set("node[001,003-004], gpu01,a[1-2]b[3,5]") == ["node[001,003-004]", "gpu01", "a[1-2]b[3,5]"]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("none", {}),
        ("qos", {"by": "qos", "mode": "requeue"}),
        ({"by": "qos", "mode": "cancel", "exempt_time": "5"}, {"by": "qos", "mode": "cancel", "exempt_time": "5"}),
    ],
)
def test_preemption_is_a_word_or_more(said: Any, rule: dict[str, str]) -> None:
    assert preemption_rule(plan_of(preemption=said)) == rule


@given(st.dictionaries(st.sampled_from(("a", "A", "all", "7d", "b c")), entries | values, max_size=3), values)
def test_whatever_stands_there_is_used_or_refused_with_its_place(partitions: Any, preemption: Any) -> None:
    problems: list[Problem] = []
    try:
        plan = plan_of(partitions=partitions, preemption=preemption)
    except PlanError as error:
        problems = error.problems
    if problems:
        assert all(problem.line > 1 and problem.wrong and problem.right for problem in problems)
        return
    told = {"slurmctld_partitions": slurm_partitions(plan), "slurmctld_preemption": preemption_rule(plan)}
    assert site_problems(told) == []
    overview(plan).as_json()
