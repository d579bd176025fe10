from __future__ import annotations

from typing import Any

import pytest
from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.status import MOST_NODES, expand, parse_status

SINCE = "2026-11-26T22:00:00"
# As the module reads it off Slurm 22.05.
ANSWER: dict[str, Any] = {
    "up": True,
    "nodes": [
        ["bld-008", "mixed", "4/28/0/32", "31440", "22.05.8", "none", "Unknown", "Unknown", ""],
        ["bld-011", "idle+drain", "0/0/16/16", "7792", "22.05.8", "fan is loud, do not use", "ada", SINCE, "admin"],
        ["bld-012", "down+not_responding", "0/0/16/16", "7792", "(null)", "Not responding", "slurm", SINCE, ""],
    ],
    "running": [["17", "bld-[008,011]"]],
    "in_prolog": [["17", "10:00"], ["19", "12:00"], ["18", "1-00:00:00"]],
    "pending": 1,
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=6)
)


def test_reads_nodes_jobs_and_the_queue() -> None:
    cluster = parse_status(ANSWER)
    assert cluster.up
    assert cluster.pending == 1
    assert sorted(cluster.nodes) == ["bld-008", "bld-011", "bld-012"]
    busy = cluster.nodes["bld-008"]
    assert (busy.state, busy.cpus, busy.cpus_used, busy.memory_mib) == ("mixed", 32, 4, 31440)
    assert (busy.version, busy.reason, busy.jobs) == ("22.05.8", "", (17,))


def test_a_job_that_does_not_begin_is_known_after_a_while() -> None:
    assert parse_status(ANSWER).unstarted == (18, 19)


def test_a_reason_is_told_as_it_is() -> None:
    drained = parse_status(ANSWER).nodes["bld-011"]
    assert (drained.state, drained.reason) == ("idle+drain", "fan is loud, do not use")
    assert drained.jobs == (17,)


def test_a_node_that_never_registered_has_no_version() -> None:
    silent = parse_status(ANSWER).nodes["bld-012"]
    assert (silent.state, silent.reason, silent.version) == ("down+not_responding", "Not responding", "")


@pytest.mark.parametrize("reason", ["was State=DOWN CPUTot=1", "x\nNodeName=bld-008 State=DOWN", "[/foo] fan"])
def test_a_reason_cannot_pass_for_anything_else(reason: str) -> None:
    row = ["bld-008", "idle+drain", "0/8/0/8", "7792", "22.05.8", reason, "root", "Unknown", "admin"]
    nodes = parse_status({**ANSWER, "nodes": [row]}).nodes
    assert (list(nodes), nodes["bld-008"].state, nodes["bld-008"].reason) == (["bld-008"], "idle+drain", reason)


def test_no_answer_is_down() -> None:
    cluster = parse_status({"up": False, "nodes": [], "running": [], "pending": 0})
    assert (cluster.up, cluster.nodes, cluster.pending) == (False, {}, 0)


@given(st.dictionaries(st.sampled_from(sorted(ANSWER)), anything))
def test_any_answer_can_be_read(answer: dict[str, Any]) -> None:
    parse_status(answer)


@pytest.mark.parametrize(
    "text",
    [
        "n[1-30000000]",
        "n[1-999999999999999]",
        "n[1-9" + "9" * 5000 + "]",
        "n[1-9999]x[1-9999]",
        "n[1-6000],m[1-6000]",
        "n[30000000-1]",
        "n[1-3-30000000]",
        "n\nm",
        "",
        "n[1",
        "[/x]",
    ],
)
def test_a_set_that_is_none_or_too_big_has_no_names(text: str) -> None:
    assert expand(text) == []


@given(st.sets(st.integers(0, 2000), min_size=1, max_size=50))
def test_a_set_of_slurm_is_read(numbers: set[int]) -> None:
    names = {f"bld-{number:04}" for number in numbers}
    assert set(expand(str(NodeSet.fromlist(sorted(names))))) == names


@given(st.text("n[]-,0123456789", max_size=60))
def test_what_is_expanded_is_never_big(text: str) -> None:
    assert len(expand(text)) <= MOST_NODES
