"""Each state of Slurm has a kind, and so a colour and a sign, and a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.report.states import BAD, MEANINGS, look_of_node, look_of_service
from tests.unit.report.sites import node


@pytest.mark.parametrize(
    ("state", "jobs", "kind", "word"),
    [
        ("idle", (), "idle", "idle"),
        ("mixed", (1,), "busy", "mixed"),
        ("allocated", (1,), "busy", "allocated"),
        ("idle+drain", (), "drained", "drained"),
        ("mixed+drain", (7,), "drained", "draining"),
        ("drained", (), "drained", "drained"),
        ("draining", (7,), "drained", "draining"),
        ("down+drain", (), "down", "down"),
        ("down*", (), "down", "no answer"),
        ("idle+not_responding", (), "down", "no answer"),
        ("idle+powered_down", (), "held", "powered off"),
        ("idle~", (), "idle", "idle"),
        ("maint", (), "held", "maintenance"),
        ("mixed+completing", (3,), "busy", "completing"),
        ("IDLE", (), "idle", "idle"),
        ("of tomorrow", (), "unknown", "of tomorrow"),
        ("", (), "unknown", "unknown"),
    ],
)
def test_the_worst_word_decides(state: str, jobs: tuple[int, ...], kind: str, word: str) -> None:
    look = look_of_node(node(state, jobs=jobs))
    assert (look.kind, look.word) == (kind, word)


@given(st.text(max_size=60))
def test_any_state_has_a_kind_and_a_word(state: str) -> None:
    look = look_of_node(node(state))
    assert look.kind in MEANINGS
    assert look.word.strip()
    assert look.word.isprintable()


def test_a_service_is_known_by_its_answer() -> None:
    assert look_of_service("controller", asked=True, up=True).kind == "service"
    assert look_of_service("controller", asked=True, up=False).kind in BAD
    assert look_of_service("controller", asked=False, up=False).kind == "unknown"
