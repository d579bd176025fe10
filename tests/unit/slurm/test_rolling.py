"""The order of a rolling run: few nodes are away at once, no partition is left alone, and everybody has a turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.rolling import Batch, Limits, Member, after, batches, most_away, next_batch

ALL = frozenset({"all"})
FREE = Member(available=True, workable=True, partitions=ALL)
JOBS = Member(available=True, workable=True, partitions=ALL, busy=True)
DRAINED = Member(available=False, workable=True, partitions=ALL)
LEFT_BEHIND = Member(available=False, workable=True, ours=True, partitions=ALL)
DOWN = Member(available=False, workable=False, partitions=ALL)

members = st.builds(
    Member,
    available=st.booleans(),
    workable=st.just(True),
    ours=st.booleans(),
    partitions=st.frozensets(st.sampled_from(["all", "thin", "fat"])),
    group=st.sampled_from(["", "a", "b"]),
    busy=st.booleans(),
).map(lambda each: Member(**{**each.__dict__, "ours": each.ours and not each.available}))
clusters = st.dictionaries(st.integers(1, 30).map(lambda number: f"n{number}"), members | st.just(DOWN), min_size=1)
limits = st.builds(Limits, most=st.integers(1, 8), by_group=st.booleans(), may_empty=st.booleans())


def plan(cluster: Mapping[str, Member], due: Sequence[str], most: int = 1, **more: bool) -> list[tuple[str, ...]]:
    return [batch.nodes for batch in batches(cluster, due, Limits(most, **more))[0]]


def test_one_after_the_other_and_those_without_jobs_first() -> None:
    cluster = {"n1": JOBS, "n2": FREE, "n3": FREE}
    assert plan(cluster, ["n1", "n2", "n3"]) == [("n2",), ("n3",), ("n1",)]
    assert plan(cluster, ["n1", "n2", "n3"], 2) == [("n2", "n3"), ("n1",)]


def test_whoever_is_away_anyway_comes_first_and_costs_nothing() -> None:
    cluster = {"n1": FREE, "n2": LEFT_BEHIND, "n3": FREE}
    assert plan(cluster, ["n1", "n2", "n3"]) == [("n2",), ("n1",), ("n3",)]


def test_a_node_that_a_person_drained_gets_the_work_and_counts_for_as_long() -> None:
    cluster = {"n1": FREE, "n2": DRAINED, "n3": FREE}
    found, last = batches(cluster, ["n1", "n2"], Limits(1))
    assert [batch.nodes for batch in found] == [("n2",)]
    assert "1 node is away already (n2) and at most 1 may be" in last.why
    assert plan(cluster, ["n1", "n2"], 2) == [("n2", "n1")]


def test_whoever_is_down_counts_although_nothing_is_due_there() -> None:
    found, last = batches({"n1": FREE, "n2": DOWN, "n3": FREE}, ["n1"], Limits(1))
    assert (found, "say --max-unavailable 2" in last.why) == ([], True)


def test_a_partition_keeps_a_node() -> None:
    two = {"n1": FREE, "n2": FREE}
    assert plan(two, ["n1", "n2"], 2) == [("n1",), ("n2",)]
    only = {"n1": FREE, "n2": Member(available=True, workable=True, partitions=ALL | {"big"})}
    found, last = batches(only, ["n2"], Limits(2))
    assert found == []
    assert "n2 is the last node of partition big" in last.why
    assert plan(only, ["n2"], 2, may_empty=True) == [("n2",)]


def test_the_last_node_of_a_partition_goes_alone() -> None:
    cluster = {name: Member(available=True, workable=True, partitions=frozenset({name})) for name in ("n1", "n2", "n3")}
    assert plan(cluster, ["n1", "n2", "n3"], 3, may_empty=True) == [("n1",), ("n2",), ("n3",)]


def test_enclosures_come_one_after_the_other() -> None:
    cluster = {
        name: Member(available=True, workable=True, partitions=ALL, group=name[0]) for name in ("b1", "a1", "b2", "a2")
    }
    assert plan(cluster, ["a1", "b1", "a2", "b2"], 3, by_group=True) == [("a1", "a2"), ("b1", "b2")]


@pytest.mark.parametrize(("text", "found"), [("1", 1), ("3", 3), ("10%", 1), ("25%", 4), ("100%", 16), (" 2 ", 2)])
def test_how_many_may_be_away(text: str, found: int) -> None:
    assert most_away(text, 16) == found


@pytest.mark.parametrize("text", ["0", "0%", "101%", "-1", "1.5", "", "all", "10 %", "%", "999999"])
def test_what_is_no_number_of_nodes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number of nodes above 0"):
        most_away(text, 16)


@given(cluster=clusters, kept=limits, data=st.data())
def test_no_batch_breaks_a_limit(cluster: dict[str, Member], kept: Limits, data: st.DataObject) -> None:
    due = data.draw(st.lists(st.sampled_from(sorted(cluster)), unique=True))
    now, rest = dict(cluster), due
    for batch in batches(cluster, due, kept)[0]:
        assert set(batch.nodes) <= set(rest)
        assert batch == next_batch(now, rest, kept), "the order that is shown is the one that is gone by"
        before = {name for name, each in now.items() if not each.available}
        assert len(before | set(batch.nodes)) <= max(kept.most, len(before))
        assert all(now[name].workable for name in batch.nodes)
        assert not kept.by_group or len({now[name].group for name in batch.nodes}) == 1
        if not (kept.may_empty and len(batch.nodes) == 1):
            assert_no_partition_is_emptied(now, batch)
        for name in batch.nodes:
            now[name] = after(now[name])
        rest = [name for name in rest if name not in batch.nodes]


def assert_no_partition_is_emptied(now: Mapping[str, Member], batch: Batch) -> None:
    for partition in ("all", "thin", "fat"):
        there = [name for name, each in now.items() if each.available and partition in each.partitions]
        assert not there or set(there) - set(batch.nodes), partition


@given(cluster=clusters, kept=limits)
def test_everybody_has_a_turn_or_it_is_said_why_not(cluster: dict[str, Member], kept: Limits) -> None:
    found, last = batches(cluster, sorted(cluster), kept)
    done = [name for batch in found for name in batch.nodes]
    assert len(done) == len(set(done))
    missing = {name for name, each in cluster.items() if each.workable} - set(done)
    assert bool(missing) == bool(last.why)
    if kept.may_empty and all(each.available or each.ours for each in cluster.values()):
        assert not missing, "nobody is away for good, so nothing is in the way"
