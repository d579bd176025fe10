"""What the controller's facts say: why slurmctld was restarted, and what was proved."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.cluster_words import cluster_words

BLADES = {f"bld-{number:03}": f"BLD-{number:03}" for number in range(8, 13)}
FINE: dict[str, Any] = {"problems": [], "notes": [], "job": True}


def proof(nodes: dict[str, Any], **more: Any) -> str:
    return cluster_words({"slurm_verify": {"nodes": nodes, **more}}, BLADES)["verified"]


def test_why_slurmctld_was_restarted() -> None:
    change = {"kind": "restart", "why": ["new nodes: bld-011", "more"]}
    assert (
        cluster_words({"slurmctld_change": change}, BLADES)["controller"]
        == "slurmctld restart: new nodes: bld-011; more"
    )


@pytest.mark.parametrize("facts", [{}, {"slurmctld_change": {"kind": "nothing", "why": []}}, {"slurmctld_change": "x"}])
def test_an_unchanged_controller_is_not_worth_a_note(facts: dict[str, Any]) -> None:
    assert cluster_words(facts, BLADES)["controller"] == ""


def test_the_proof_names_what_was_verified() -> None:
    drained = {**FINE, "notes": ["drained"], "job": False}
    said = proof({"bld-008": FINE, "bld-011": FINE, "bld-012": drained}, job_width=2)
    assert said.startswith("verified BLD-[008,011]: ")
    assert "one job across both nodes" in said
    assert "no job" not in said
    assert cluster_words({}, BLADES) == {"controller": "", "verified": ""}


@pytest.mark.parametrize(
    ("scratch", "words"),
    [
        (["bld-008", "bld-011"], ", scratch writable"),
        (["bld-011", "bld-012"], ", scratch writable on BLD-011"),
        ([], "one job across both nodes"),
    ],
)
def test_scratch_is_proved_only_where_it_is(scratch: list[str], words: str) -> None:
    """It may wait for a person, or for its disk to be read."""
    assert proof({"bld-008": FINE, "bld-011": FINE}, job_width=2, scratch=scratch).endswith(words)


def test_nodes_without_a_job_are_not_called_proved() -> None:
    asked = {**FINE, "job": False}
    first, second = proof({"bld-008": FINE, "bld-011": asked, "bld-012": asked}, job_width=1).splitlines()
    assert first.startswith("verified BLD-008: ")
    assert second.startswith("BLD-[011-012]: registered, same release, slurmd answers; no job")
