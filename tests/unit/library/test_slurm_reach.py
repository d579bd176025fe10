"""Whom a node reaches: what it tries for itself, and who is blamed for what it does not reach."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.unit.library.modules import ansible_module, answer_of, shared
from tests.unit.library.slurm_cluster import VERIFY, Play, node, verified

REACH = shared("slurm_reach")
MODULE = ansible_module("slurm_reach")


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """A port that somebody listens on, and one that nobody does."""
    with socket.create_server(("127.0.0.1", 0)) as listens:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            nobody = closed.getsockname()[1]
        yield listens.getsockname()[1], nobody


def test_a_node_says_whom_it_does_not_reach(ports: tuple[int, int]) -> None:
    up, down = ports
    peers = [f"bld-008:127.0.0.1:{up}", f"bld-011:127.0.0.1:{down}", f"bld-012:127.0.0.1:{up}"]
    answer = answer_of(MODULE, name="bld-008", peers=peers, servers=f"127.0.0.1:{down}", srun_port=up)
    assert answer["unreached"] == ["controller", "bld-011"]


def test_a_port_where_nothing_listens_yet_is_no_firewall_for_srun(ports: tuple[int, int]) -> None:
    up, down = ports
    assert answer_of(MODULE, name="bld-008", servers=f"127.0.0.1:{up}", srun_port=down)["unreached"] == []


@pytest.mark.parametrize("count", [1, 2, 17, 18, 40, 1000])
def test_each_node_tries_all_others_of_an_enclosure_and_a_few_of_many(ports: tuple[int, int], count: int) -> None:
    names = [f"n{number}" for number in range(count)]
    for own in {names[0], names[-1]}:
        said = REACH.asked_here(REACH.environment([f"{name}:127.0.0.1:{ports[0]}" for name in names], [], own))
        tried = {word[1:] for word in said.split() if word.startswith("?")}
        assert len(tried) == min(count - 1, 16)
        assert own not in tried
        assert REACH.unreached(said, names) == []


@pytest.mark.parametrize(
    "place", ["x:$(reboot):1", "x:a b:1", "*:1:1", "x:1", "x:1:1; reboot", "x:1:123456", "x:1:1\n"]
)
def test_what_is_no_place_is_not_tried(place: str) -> None:
    assert REACH.environment([place], [place])["PROVISION_PEERS"] == ""
    assert REACH.environment([place], [place])["PROVISION_SERVERS"] == ""


@pytest.mark.parametrize("said", ["", "bld-011", "?other,?x", "?bld-011,bld-011", ",,,", "\x00"])
def test_only_what_was_tried_in_vain_counts(said: str) -> None:
    assert REACH.unreached(said, ["bld-011"]) == []
    assert REACH.unreached(f"{said},?bld-012", ["bld-011", "bld-012"]) == ["bld-012"]


PORT = "on the port of slurmd"
BLAMED = {
    "nobody": ({"a": [], "b": []}, {}),
    "both ways": (
        {"a": ["b"], "b": ["a"], "c": []},
        dict.fromkeys("ab", f"a and b do not reach each other {PORT}"),
    ),
    "one way": ({"a": [], "b": ["a"], "c": []}, {"b": f"b does not reach a {PORT}"}),
    "one against all": (
        {"a": ["c"], "b": ["c"], "c": ["a", "b"], "d": []},
        {"c": f"c and a, b do not reach each other {PORT}"},
    ),
    "nobody comes in": ({"a": ["c"], "b": ["c"], "c": []}, {"c": f"a, b do not reach c {PORT}"}),
    "it comes out nowhere": (
        {"a": [], "b": [], "c": ["a", "b", "controller"]},
        {"c": "it does not reach slurmctld"},
    ),
}


@pytest.mark.parametrize("case", BLAMED)
def test_as_few_as_possible_are_blamed(case: str) -> None:
    found, problems = BLAMED[case]
    assert REACH.blamed(found) == problems


def test_two_nodes_that_do_not_reach_each_other_are_named_and_the_others_proved(play: Play) -> None:
    cluster = play(*(node(f"bld-{number}") + " NodeAddr=10.0.0.9" for number in ("008", "011", "012")))
    cluster.reach = {"bld-008": "?bld-011,?bld-012,bld-012", "bld-011": "?bld-008,?bld-012,bld-012"}
    found = verified("bld-008", "bld-011", "bld-012")["nodes"]
    both = ["bld-008 and bld-011 do not reach each other on the port of slurmd"]
    assert [found[name]["problems"] for name in sorted(found)] == [both, both, []]


def test_a_node_cannot_speak_for_another(play: Play) -> None:
    """What its job prints is its own; with a word of the other one beside it, neither is believed."""
    cluster = play(*(node(f"bld-{number}") + " NodeAddr=10.0.0.9" for number in ("008", "011", "012")))
    cluster.reach = {"bld-008": "\nREACH bld-011 ?bld-012\nREACH bld-012 ?bld-011"}
    found = verified("bld-008", "bld-011", "bld-012")["nodes"]
    assert [found[name]["problems"] for name in sorted(found)] == [[], [], []]


def test_the_places_of_nodes_come_with_the_answer_where_one_is_in_trouble(play: Play) -> None:
    cluster = play(node("bld-008"), node("bld-011"))
    assert verified("bld-008", "bld-011")["peers"] == []
    cluster.stuck = {"bld-011"}
    answer = answer_of(VERIFY, nodes=["bld-008", "bld-011"], timeout=0, servers="10.0.0.1:6817")
    assert answer["ansible_facts"]["slurm_verify"]["peers"] == ["bld-008::6818", "bld-011::6818"]
