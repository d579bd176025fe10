"""What former runs did, from records of this release and of older ones, and of what is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.run.history import chosen, past_run

RUN = "20261126T101500Z-4711"
BLADE: dict[str, Any] = {"status": "ok", "changed": [], "notes": [], "skipped": "", "failure": None}
CHANGED = {**BLADE, "changed": ["package munge: absent -> installed"], "notes": ["old packages"]}
FAILED = {**BLADE, "failure": {"message": "it is off", "next_step": "look at it"}}


def record(code: int = 0, **blades: Any) -> dict[str, Any]:
    named = {name.replace("_", "-"): blade for name, blade in blades.items()}
    return {"exit_code": code, "meaning": "words", "seconds": 61.5, "playbook": "slurm.yml", "check": False,
            "by": "eve@desk", "blades": named}  # fmt: skip


def test_reads_a_record() -> None:
    found = past_run(RUN, record(3, BLD_008=CHANGED, BLD_009=FAILED, BLD_010={**BLADE, "skipped": "not looked at"}))
    assert found is not None
    assert (found.started, found.by, found.what, found.code) == ("2026-11-26T10:15:00+00:00", "eve@desk", "slurm", 3)
    assert found.changed == {"BLD-008": ["package munge: absent -> installed"]}
    assert found.notes == {"BLD-008": ["old packages"]}
    assert found.failed == {"BLD-009": "it is off; next: look at it"}
    assert found.skipped == {"BLD-010": "not looked at"}
    assert found.result() == "changed 1 thing on BLD-008; BLD-009 failed; BLD-010 skipped"


def test_a_rolling_run_is_called_so() -> None:
    found = past_run(RUN, {**record(BLD_008=CHANGED), "rolling": {"kind": "upgrade"}})
    assert found is not None
    assert found.what == "slurm --rolling"


@pytest.mark.parametrize(
    ("given_record", "words"),
    [
        (record(BLD_008=BLADE), "nothing changed"),
        ({**record(BLD_008=CHANGED), "check": True}, "would change 1 thing on BLD-008"),
        (record(130, BLD_008=BLADE), "nothing changed; stopped"),
        (record(1, BLD_008=BLADE), "nothing changed; words"),
    ],
)
def test_says_what_came_of_it(given_record: dict[str, Any], words: str) -> None:
    found = past_run(RUN, given_record)
    assert found is not None
    assert found.result() == words


def test_a_check_is_no_run_that_did_anything() -> None:
    records = [("2", {**record(BLD_008=CHANGED), "check": True}), ("1", record(BLD_008=BLADE))]
    assert [each.run for each in chosen(records, None, changed=False)] == ["2", "1"]
    assert [each.run for each in chosen(records, None, changed=False, checks=False)] == ["1"]


def test_a_record_of_an_older_release_has_nobody() -> None:
    found = past_run("17", {"blades": {"BLD-008": {}}})
    assert found is not None
    assert (found.by, found.started, found.seconds, found.code) == ("", "", 0.0, 1)


RECORDS = [("3", record(BLD_008=BLADE)), ("odd", "x"), ("2", record(BLD_008=BLADE, BLD_009=CHANGED)),
           ("1", record(1, BLD_009=FAILED))]  # fmt: skip


@pytest.mark.parametrize(
    ("blades", "changed", "runs"),
    [
        (None, False, ["3", "2", "1"]),
        (["BLD-008"], False, ["3", "2"]),
        (["BLD-009"], False, ["2", "1"]),
        (None, True, ["2", "1"]),
        (["BLD-008"], True, []),
        (["BLD-010"], False, []),
    ],
)
def test_chooses_by_blade_and_by_what_happened_there(blades: list[str] | None, changed: bool, runs: list[str]) -> None:
    assert [each.run for each in chosen(RECORDS, blades, changed)] == runs


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_ODD_BLADE = st.dictionaries(st.sampled_from([*BLADE, "seconds"]), _ANY)


@given(
    st.dictionaries(st.sampled_from(["exit_code", "meaning", "seconds", "playbook", "check", "by"]), _ANY),
    st.dictionaries(st.text(), _ODD_BLADE | _ANY),
)
def test_a_record_may_hold_anything(rest: dict[str, Any], blades: dict[str, Any]) -> None:
    found = past_run(RUN, {**rest, "blades": blades})
    assert found is not None
    assert isinstance(found.result(), str)
    assert found.as_dict()["run"] == RUN
