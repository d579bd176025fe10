"""Each case of failures.yml is a result of Ansible and what a person must read instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.run.diagnose import diagnose

CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "failures.yml").read_text())
KEYS = ["msg", "stderr", "module_stderr", "module_stdout", "evidence", "unreachable"]
anything = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=3))


@pytest.mark.parametrize("case", CASES)
def test_a_failure_becomes_a_sentence_and_a_next_step(case: str) -> None:
    found = diagnose(CASES[case]["result"], "Do it", CASES[case].get("action", ""))
    assert CASES[case]["says"] in found.message
    assert CASES[case]["next"] in found.next_step
    assert found.ours is not CASES[case].get("theirs", False)


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_is_one_line(case: str) -> None:
    found = diagnose(CASES[case]["result"], "Do it", CASES[case].get("action", ""))
    assert "\n" not in found.message
    assert "Traceback" not in found.message


def test_the_raw_words_stay_as_evidence() -> None:
    found = diagnose(CASES["no Python"]["result"], "Do it")
    assert "/bin/sh: 1: /usr/bin/python3: not found" in found.evidence


def test_evidence_is_short() -> None:
    found = diagnose({"msg": "\n".join(f"line {number}" for number in range(100))}, "Do it")
    assert found.evidence.splitlines() == [f"line {number}" for number in range(94, 100)]


def test_a_role_hands_on_its_own_evidence() -> None:
    found = diagnose({"msg": "it is odd; next: look", "evidence": "sda1 has ext4"}, "Do it")
    assert (found.message, found.next_step, found.evidence) == ("it is odd", "look", "sda1 has ext4")


@given(st.dictionaries(st.sampled_from(KEYS), anything), st.text())
def test_any_result_gets_a_sentence(result: dict[str, Any], task: str) -> None:
    found = diagnose(result, task)
    assert isinstance(found.message, str)
    assert found.next_step


def test_what_a_blade_advises_is_no_step_with_names_of_ours() -> None:
    found = diagnose({"msg": "it is odd; next: ssh {host}"}, "Do it", "scratch")
    assert (found.step_for("BLD-008"), found.whose()) == ("ssh {host}", "the blade advises (look before you do it)")


def test_megabytes_of_words_are_read_at_their_ends() -> None:
    """`sudo: ` without end would take the pattern for a password minutes."""
    words = "sudo: " * 1_000_000 + "\nthe last line"
    found = diagnose({"stderr": words, "msg": words}, "Do it")
    assert found.evidence.endswith("the last line")
    assert len(found.evidence) < 100_000


def test_a_connection_that_broke_without_a_word() -> None:
    found = diagnose({"unreachable": True}, "connect")
    assert (found.message, found.evidence) == ("SSH connection lost, no error given", "")
    assert found.next_step.startswith("run again")
