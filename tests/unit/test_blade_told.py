from __future__ import annotations

from typing import Any

import pytest

from provisioner.blade_told import turned_away, without_texts


@pytest.mark.parametrize("facts", [{}, {"blade": {}}, {"blade": {"lock": {}}}, {"blade": {"lock": {"held": True}}}])
def test_a_controller_that_works_for_nobody_else_turns_nobody_away(facts: dict[str, Any]) -> None:
    assert turned_away(facts) is None


def test_a_controller_that_is_taken_says_so() -> None:
    lock = {"held": False, "busy": "another run works on cluster demo", "next": "wait for it"}
    assert turned_away({"blade": {"lock": lock}}) == ("another run works on cluster demo", "wait for it")


def test_the_files_of_a_blade_are_not_kept() -> None:
    facts = {
        "blade": {"machine": "x86_64", "paths": {"/etc/slurm/nodes.json": {"content": "x" * 2000}}},
        "note": "y" * 2000,
    }
    assert without_texts(facts) == {"blade": {"machine": "x86_64"}, "note": "y" * 2000}
    assert without_texts({"blade": "a word"}) == {"blade": {}}
