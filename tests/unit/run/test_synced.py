"""What is known of blades without a run: the last record, or what the plan says otherwise by now."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioner.run.synced import DIFFERS, FAILED, IN_SYNC, UNKNOWN, plan_changes, synced

NAMES = ["BLD-002", "BLD-003"]


def record(check: bool = False, code: int = 0, **blades: dict[str, Any]) -> dict[str, Any]:
    named = {name.replace("_", "-"): each for name, each in blades.items()}
    return {"playbook": "slurm.yml", "check": check, "exit_code": code, "seconds": 1, "blades": named}


def known(*records: dict[str, Any], changes: dict[str, list[str]] | None = None) -> dict[str, str]:
    numbered = [(f"20261126T2200{number:02}Z-1", each) for number, each in enumerate(records)]
    return {name: each.state for name, each in synced(numbered, NAMES, changes or {}).items()}


def test_nothing_is_known_without_a_run() -> None:
    assert known() == dict.fromkeys(NAMES, UNKNOWN)


def test_the_newest_run_over_a_blade_tells() -> None:
    newest, older = record(BLD_002={"changed": []}), record(BLD_002={"failure": {"message": "x"}}, BLD_003={})
    assert known(newest, older) == {"BLD-002": IN_SYNC, "BLD-003": IN_SYNC}
    assert known(older, newest) == {"BLD-002": FAILED, "BLD-003": IN_SYNC}


def test_a_check_that_found_something_says_that_it_differs() -> None:
    assert known(record(check=True, BLD_002={"changed": ["x"]}, BLD_003={})) == {"BLD-002": DIFFERS, "BLD-003": IN_SYNC}
    assert known(record(BLD_002={"changed": ["x"]}))["BLD-002"] == IN_SYNC


def test_what_a_scheduled_run_left_differs() -> None:
    left = {**record(BLD_002={"left": ["package x: absent -> installed"]}, BLD_003={}), "scheduled": True}
    assert known(left) == {"BLD-002": DIFFERS, "BLD-003": IN_SYNC}


def test_runs_that_compare_nothing_tell_nothing() -> None:
    failed = record(BLD_002={"failure": {"message": "x"}})
    others = [{**record(BLD_002={}), "playbook": name} for name in ("backup.yml", "accounts.yml", "release.yml")]
    assert known(*others, failed) == {"BLD-002": FAILED, "BLD-003": UNKNOWN}


def test_what_was_not_looked_at_is_not_known() -> None:
    assert known(record(BLD_002={"skipped": "it hangs"}))["BLD-002"] == UNKNOWN
    assert known(record(code=130, BLD_002={"changed": ["x"]}))["BLD-002"] == UNKNOWN


def test_a_plan_that_changed_since_differs_and_hides_no_failure() -> None:
    changes = {name: ["tier thin -> medium"] for name in NAMES}
    found = known(record(BLD_002={"failure": {"message": "x"}}, BLD_003={}), changes=changes)
    assert found == {"BLD-002": FAILED, "BLD-003": DIFFERS}


def test_what_the_plan_says_otherwise_than_the_registry() -> None:
    planned = {"address": "10.0.0.2", "bay": None, "tier": "medium"}
    assert plan_changes({**planned, "tier": "thin"}, planned) == ["tier thin -> medium"]
    assert plan_changes({"address": "10.0.0.2", "tier": "medium"}, planned) == []
    assert plan_changes({}, planned) == []


@given(blade=st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_a_record_may_be_anything(blade: Any) -> None:
    assert set(known(record(BLD_002=blade))) == set(NAMES)
