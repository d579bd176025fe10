from __future__ import annotations

from typing import Any

from provisioner.slurm.outdated import slurmd_outdated

SLURMD_C = "NodeName=x CPUs=16 Boards=1 SocketsPerBoard=2 CoresPerSocket=8 ThreadsPerCore=1 RealMemory=32071\n"
HELD = {"cpus": 16, "memory_mib": 32071, "scratch_mib": 285962}


def facts(held: dict[str, int], scratch_mib: int = 285962, **more: Any) -> dict[str, Any]:
    """A blade as it is, and what its slurmd holds."""
    scratch = {"size_mib": scratch_mib, "expected_mib": scratch_mib}
    found = {"slurmd_c": SLURMD_C, "slurmd_holds": held, "scratch": scratch, "cpu": {"cpus": 32}}
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


def test_a_preview_goes_by_the_scratch_that_will_be() -> None:
    """Its disk is not mounted yet, and slurmd holds what is free on the system disk."""
    found = facts({**HELD, "scratch_mib": 258019})
    found["blade"]["scratch"]["size_mib"] = 0
    assert slurmd_outdated(found) == ["scratch 258019 -> 285962 MiB"]


def test_a_slurmd_that_says_nothing_is_outdated_only_after_scratch_was_mended() -> None:
    assert slurmd_outdated(facts({})) == []
    assert slurmd_outdated(facts({}, scratch={"size_mib": 285962})) == ["scratch was mended"]


def test_a_node_without_slurmd_holds_nothing() -> None:
    """Its package may be half installed, and nothing measures the node."""
    found = facts(HELD, scratch={"size_mib": 1})
    found["blade"]["slurmd_c"] = ""
    assert slurmd_outdated(found) == []
