from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.stale import due, read_due, without

NODES = ["bld-008", "bld-011"]


def test_a_node_stays_due_until_its_slurmd_was_restarted() -> None:
    text = due("", ["taskplugin changed"], NODES)
    assert read_due(text) == {"bld-008": ["TaskPlugin"], "bld-011": ["TaskPlugin"]}
    text = without(text, ["bld-008"])
    assert read_due(text) == {"bld-011": ["TaskPlugin"]}
    text = due(text, ["grestypes changed"], NODES)
    assert read_due(text) == {"bld-008": ["GresTypes"], "bld-011": ["TaskPlugin", "GresTypes"]}


def test_nobody_is_due() -> None:
    assert due("", [], NODES) == ""
    assert without(due("", ["taskplugin changed"], NODES), NODES) == ""


def test_a_node_that_left_is_due_no_more() -> None:
    assert read_due(due(due("", ["taskplugin changed"], NODES), [], ["bld-011"])) == {"bld-011": ["TaskPlugin"]}


@pytest.mark.parametrize("text", ["", "  ", "{", "[]", "7", '{"bld-008": 7}', '{"a b": ["x"]}', '{"BLD": ["x"]}'])
def test_a_text_that_is_none_has_nobody(text: str) -> None:
    assert read_due(text) == {}


@given(st.text(), st.lists(st.sampled_from(NODES)))
def test_any_text_can_be_read(text: str, done: list[str]) -> None:
    assert isinstance(without(text, done), str)
    assert read_due(json.dumps({"bld-008": [text]})).keys() <= {"bld-008"}
