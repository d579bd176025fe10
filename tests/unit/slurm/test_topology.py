"""topology.conf: every node of the registry on one switch, and one above all of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.change import Kind, config_change
from provisioner.slurm.config import slurm_config
from provisioner.slurm.topology import ELSEWHERE, topology
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
SWITCHES = {"node001": "rack-a", "node002": "rack-a", "node003": "rack-b"}


def nodes(*names: str) -> dict[str, dict[str, Any]]:
    return {name: record(address=f"10.20.0.{number}") for number, name in enumerate(names, 1)}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_nodes_that_are_near_each_other_are_on_one_switch() -> None:
    assert lines(topology(nodes("node001", "node002", "node003"), SWITCHES, {})) == [
        "SwitchName=rack-a Nodes=node[001-002]",
        "SwitchName=rack-b Nodes=node003",
        "SwitchName=top Switches=rack-a,rack-b",
    ]


def test_a_node_that_the_plan_does_not_know_is_somewhere_too() -> None:
    """A node without a switch would never get a job together with others."""
    assert f"SwitchName={ELSEWHERE} Nodes=old" in topology(nodes("node001", "old"), SWITCHES, {})


def test_a_switch_may_have_the_name_that_ours_has() -> None:
    told = lines(topology(nodes("a1", "a2"), {"a1": "top", "a2": "top-"}, {}))
    assert told[-1] == "SwitchName=top-- Switches=top,top-"


@pytest.mark.parametrize("names", [(), ("node001",), ("node001", "node002")])
def test_one_switch_is_no_topology(names: tuple[str, ...]) -> None:
    """Blades of the other enclosures may be in the plan and not yet in the cluster."""
    assert topology(nodes(*names), SWITCHES, {}) == ""
    assert "TopologyPlugin" not in slurm_config({**CLUSTER, "switches": SWITCHES}, nodes(*names), [], {})["settings"]


@pytest.mark.parametrize("said", [None, "topology/tree", "topology/block"])
def test_a_site_with_a_topology_of_its_own_keeps_it(said: str | None) -> None:
    site = {"topologyplugin": said}
    three = nodes("node001", "node002", "node003")
    assert topology(three, SWITCHES, site) == ""
    assert slurm_config({**CLUSTER, "switches": SWITCHES}, three, [], site)["settings"].get("topologyplugin") == said


@pytest.mark.parametrize(("version", "kind"), [("22.05.8", Kind.RESTART), ("24.11.5", Kind.RECONFIGURE)])
def test_slurm_is_told_of_it_and_debian_12_takes_it_at_a_start_only(version: str, kind: Kind) -> None:
    three = nodes("node001", "node002", "node003")
    settings = slurm_config({**CLUSTER, "switches": SWITCHES}, three, [], {})["settings"]
    assert settings["TopologyPlugin"] == "topology/tree"
    assert config_change(["A=1\n"], "A=1\nTopologyPlugin=topology/tree\n", version).kind == kind


_NAMES = st.lists(st.from_regex(r"[a-z]{1,3}[0-9]{1,3}", fullmatch=True), min_size=1, max_size=30, unique=True)


@given(_NAMES, st.dictionaries(st.from_regex(r"[a-z]{1,3}[0-9]{1,3}", fullmatch=True), st.sampled_from("abc")))
def test_each_node_is_on_one_switch_and_below_the_top(names: list[str], switches: dict[str, str]) -> None:
    text = topology(nodes(*names), switches, {})
    leaves = dict(re.findall(r"SwitchName=(\S+) Nodes=(\S+)", text))
    if not text:
        assert len({switches.get(name, ELSEWHERE) for name in names}) == 1
        return
    told = [name for line in leaves.values() for word in re.split(r",(?![^\[]*\])", line) for name in NodeSet(word)]
    assert sorted(told) == sorted(names)
    ((_, below),) = re.findall(r"SwitchName=(\S+) Switches=(\S+)", text)
    assert below.split(",") == sorted(leaves)
