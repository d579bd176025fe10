from __future__ import annotations

from typing import Any

import pytest

from provisioner.blade_state import missing_accounts, slurmd_outdated, unit_right, unit_stale

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


SLURMD_C = "NodeName=x CPUs=16 Boards=1 SocketsPerBoard=2 CoresPerSocket=8 ThreadsPerCore=1 RealMemory=32071\n"
HELD = {"cpus": 16, "memory_mib": 32071, "scratch_mib": 285962}


def facts(held: dict[str, int], scratch_mib: int = 285962, **more: Any) -> dict[str, Any]:
    """A blade as it is, and what its slurmd holds."""
    found = {"slurmd_c": SLURMD_C, "slurmd_holds": held, "scratch": {"size_mib": scratch_mib}, "cpu": {"cpus": 32}}
    return {"blade": found, **more}


def test_a_slurmd_that_holds_what_there_is_is_not_outdated() -> None:
    assert slurmd_outdated(facts(HELD)) == []
    assert slurmd_outdated(facts({**HELD, "memory_mib": 32000})) == [], "memory moves by some MiB between kernels"
    assert slurmd_outdated(facts({**HELD, "scratch_mib": 258019}, scratch_mib=0)) == [], "it has no scratch to promise"
    assert slurmd_outdated(facts({**HELD, "cpus": 32})) == [], "counted as the cluster's SlurmdParameters say"


def test_other_hardware_than_it_holds_makes_it_outdated() -> None:
    assert slurmd_outdated(facts({**HELD, "scratch_mib": 258019})) == ["scratch 258019 -> 285962 MiB"]
    assert slurmd_outdated(facts({**HELD, "memory_mib": 16000})) == ["memory 16000 -> 32071 MiB"]
    assert slurmd_outdated(facts({**HELD, "cpus": 8})) == ["CPUs 8 -> 16"]


def test_scratch_of_this_run_counts_and_not_that_of_the_look_before() -> None:
    assert slurmd_outdated(facts({**HELD, "scratch_mib": 258019}, 0, scratch={"size_mib": 285962}))
    assert not slurmd_outdated(facts(HELD, 0, scratch={"size_mib": 285962}))


def test_a_slurmd_that_says_nothing_is_outdated_only_after_scratch_was_mended() -> None:
    assert slurmd_outdated(facts({})) == []
    assert slurmd_outdated(facts({}, scratch={"size_mib": 285962})) == ["scratch was mended"]
