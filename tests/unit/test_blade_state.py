from __future__ import annotations

from typing import Any

import pytest

from provisioner.blade_state import missing_accounts, unit_right, unit_stale

RUNS = {"load": "loaded", "active": "active", "enabled": "enabled", "since": 100.0, "reload_needed": False}


def blade(written: float = 50.0, **unit: Any) -> dict[str, Any]:
    """A blade with one unit, and one file that it reads."""
    return {"units": {"munge": {**RUNS, **unit}}, "written": {"munge_key": written}}


def test_a_unit_that_runs_and_comes_back_is_right() -> None:
    assert unit_right(blade(), "munge", ["munge_key"])


@pytest.mark.parametrize(
    "unit",
    [
        {"active": "inactive"},
        {"active": "failed"},
        {"active": "activating"},
        {"enabled": "disabled"},
        {"enabled": "masked"},
        {"enabled": "enabled-runtime"},
        {"enabled": ""},
        {"reload_needed": True},
    ],
)
def test_any_other_state_is_not(unit: dict[str, Any]) -> None:
    assert not unit_right(blade(**unit), "munge")


def test_what_was_written_after_the_start_is_not_known_to_it() -> None:
    assert unit_stale(blade(written=100.5), "munge", ["munge_key"])
    assert not unit_right(blade(written=100.5), "munge", ["munge_key"])
    assert not unit_stale(blade(written=100.5), "munge"), "it does not read that"


def test_accounts_that_are_not_there_are_missing() -> None:
    facts = {"users": {"slurm": {"uid": 64030, "gid": 64030}, "munge": None}}
    assert missing_accounts(facts, ["slurm", "munge", "other"]) == ["munge", "other"]
