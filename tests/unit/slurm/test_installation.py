"""Every combination of what is known of an installation, against the rules in words."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner import __version__
from provisioner.slurm.installation import (
    MARK,
    Installation,
    Standing,
    Verdict,
    mark_text,
    read_mark,
    verdict,
)

MINE, OTHER = "a" * 32, "b" * 32
MARKS: dict[str, dict[str, Any]] = {
    "none": {},
    "ours": {"cluster": "asgard"},
    "of another cluster": {"cluster": "midgard"},
    "of another machine": {"machine_id": OTHER},
    "of a root of before": {"root_created": 100},
    "of another release": {"release": "0.0.1"},
    "with other host keys": {"host_keys": "before"},
}
KNOWN = {"not on record": "", "on record": MINE, "on record as another one": OTHER}
FLAGS = list(product([False, True], repeat=5))


def installation(
    mark: str, known: str, namesake: bool, board: bool, joined: bool, key: bool, differs: bool
) -> Installation:
    whole = {
        "cluster": "asgard", "machine_id": MINE, "root_created": 200, "host_keys": "now", "release": __version__,
    }  # fmt: skip
    return Installation(
        cluster="asgard",
        machine_id=MINE,
        root_created=200,
        host_keys="now",
        mark={**whole, **MARKS[mark]} if MARKS[mark] else {},
        known=KNOWN[known],
        namesake="BLD-002" if namesake else "",
        other_board="serial number A -> B" if board else "",
        joined=joined,
        same_key=key,
        differs=differs,
    )


def expected(mark: str, known: str, namesake: bool, board: bool, joined: bool, key: bool, differs: bool) -> Standing:
    """The rules, the first that fits."""
    rules = [
        (namesake, Standing.DUPLICATE),
        (mark == "of another cluster", Standing.FOREIGN),
        (mark == "none" and joined and not key and known == "not on record", Standing.FOREIGN),
        (board, Standing.OTHER_HARDWARE),
        (mark in ("of another machine", "of a root of before"), Standing.FRESH),
        # A member from before there were marks is the installation that it was.
        (mark == "none" and not (joined and known == "on record"), Standing.FRESH),
        (mark in ("none", "of another release", "with other host keys"), Standing.OUTDATED),
        (differs, Standing.OUTDATED),
    ]
    return next((standing for fits, standing in rules if fits), Standing.IN_SYNC)


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("mark", MARKS)
def test_every_combination(mark: str, known: str) -> None:
    seen = set()
    for flags in FLAGS:
        found = verdict(installation(mark, known, *flags))
        assert found.standing == expected(mark, known, *flags), flags
        assert bool(found.why) == (found.standing != Standing.IN_SYNC), flags
        seen.add(found.standing)
    assert Standing.DUPLICATE in seen


def test_each_standing_comes_about() -> None:
    found = {
        verdict(installation(mark, known, *flags)).standing for mark in MARKS for known in KNOWN for flags in FLAGS
    }
    assert found == set(Standing)


@pytest.mark.parametrize(
    ("mark", "known", "joined", "words"),
    [
        ("none", "not on record", False, "no run has worked on it"),
        ("none", "on record as another one", False, "it was imaged anew"),
        ("of another machine", "on record as another one", True, "it is a copy of another installation"),
        ("of a root of before", "on record", True, "its root filesystem is another one"),
        ("none", "on record", True, "it was set up by a release that left no mark"),
        ("of another cluster", "not on record", True, "it belongs to the cluster midgard"),
    ],
)
def test_it_says_why(mark: str, known: str, joined: bool, words: str) -> None:
    assert verdict(installation(mark, known, False, False, joined, True, False)).why == words


def test_where_nobody_knows_when_root_came_into_being_nothing_follows() -> None:
    """As in a container."""
    mark = {"cluster": "asgard", "machine_id": MINE, "root_created": 0, "host_keys": "", "release": __version__}
    assert verdict(Installation("asgard", MINE, mark=mark, known=MINE)) == Verdict(Standing.IN_SYNC)


def test_a_mark_is_read_as_it_was_written() -> None:
    keys = ["ssh-ed25519 B", "ssh-rsa A"]
    blade = {"machine_id": MINE, "root_created": 200, "host_keys": keys}
    text = mark_text(blade, "asgard", "bld-008")
    mark = read_mark({"paths": {MARK: {"kind": "file", "content": text}}})
    assert (mark["cluster"], mark["node"], mark["machine_id"]) == ("asgard", "bld-008", MINE)
    turned = {**blade, "host_keys": keys[::-1]}
    assert mark_text(turned, "asgard", "bld-008") == text
    assert mark_text({"machine_id": MINE}, "asgard", "bld-008") != text


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read_mark({"paths": {MARK: {"content": text}}}) == {}


@given(
    st.dictionaries(
        st.sampled_from(["cluster", "machine_id", "release", "root_created", "host_keys"]), st.integers() | st.text()
    )
)
def test_no_mark_breaks_the_verdict(mark: dict[str, Any]) -> None:
    found = verdict(Installation("asgard", MINE, 200, "now", mark, MINE))
    assert found.standing in Standing
    assert found.why.isprintable()
