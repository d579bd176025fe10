from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.state.words import WORDS, folded, line_of

INSTALLED = "absent -> installed"
FOLDED = {
    "nothing": ([], []),
    "one": (["package munge: absent -> installed"], ["package munge: absent -> installed"]),
    "alike": (
        [line_of("packages", name, INSTALLED) for name in ("chrony", "munge", "slurmd")],
        ["package chrony, munge, slurmd: absent -> installed"],
    ),
    "another end": (
        ["unit a.service: stopped -> running", "unit b.service: disabled -> enabled"],
        ["unit a.service: stopped -> running", "unit b.service: disabled -> enabled"],
    ),
    "another kind": (["file /a: mode 0666 -> 0644", "folder /b: mode 0666 -> 0644"],) * 2,
    "apart": (["file /a: content", "link /b: absent -> link", "file /c: content"],) * 2,
    "answers have no word": (["host name: a -> b", "host order: a -> b"],) * 2,
    "titles of tasks": (["base | Install: x", "base | Start: x", "slurmctld: restart: why", "slurmctld: restart: why"],)
    * 2,
    "an end with colons": (
        ["unit a.service: restart: it uses /a", "unit b.service: restart: it uses /a"],
        ["unit a.service, b.service: restart: it uses /a"],
    ),
    "no end": (["file /a", "file /b", "file /c:"],) * 2,
}


@pytest.mark.parametrize("case", FOLDED)
def test_things_of_one_kind_with_one_end_are_one_line(case: str) -> None:
    lines, wanted = FOLDED[case]
    assert folded(lines) == wanted


def test_every_kind_but_answers_has_a_word_of_its_own() -> None:
    words = [word for kind, word in WORDS.items() if kind != "asks"]
    assert len({*words}) == len(words)
    assert all(words)


things = st.tuples(
    st.sampled_from(sorted(WORDS)),
    st.text("abc/.-", min_size=1, max_size=4),
    st.sampled_from([INSTALLED, "content", "restart: it uses /a, /b", "mode 0666 -> 0644"]),
)


@given(st.lists(things, max_size=8))
def test_nothing_is_lost_or_moved(found: list[tuple[str, str, str]]) -> None:
    """Each line still says kind, names and end; taken apart again they are the lines."""
    apart = []
    for line in folded([line_of(*thing) for thing in found]):
        start, _, what = line.partition(": ")
        word, _, listed = start.partition(" ")
        apart += [f"{word} {name}: {what}" for name in listed.split(", ")] if listed else [line]
    assert apart == [line_of(*thing) for thing in found]


@given(st.lists(st.text(max_size=9) | st.sampled_from(["package a: b", "package : b", "package a: "]), max_size=5))
def test_any_lines_can_be_folded(lines: list[str]) -> None:
    assert len(folded(lines)) <= len(lines)
    assert folded(lines[:1]) == lines[:1]
