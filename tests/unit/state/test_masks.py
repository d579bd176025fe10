"""An admin's mask is told with the command that ends it; ours, and those that a role wants, are nobody's news."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.state.masks import is_masked, keeps_away, masks
from tests.unit.state.nodes import ABSENT, MASKED, RUNS, lines, node

OURS = {**MASKED, "quiet": True}
STATES: dict[str, Any] = {
    "munge": {"units": {"munge.service": {}}},
    "slurmd": {
        "units": {
            "slurmd.service": {"needs": ["munge.service"], "quiet": True},
            "sackd.service": {"masked": True},
            "new.service": {"release": "13"},
            "clock.service": {"only_if": "can_set_clock"},
        }
    },
}
FOUND: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing is masked": ({}, []),
    "masked by us": ({"slurmd.service": OURS}, []),
    "masked as its role wants": ({"sackd.service": MASKED}, []),
    "masked, of another release": ({"new.service": MASKED}, []),
    "masked, and the node cannot have it": ({"clock.service": MASKED}, []),
    "masked and stopped": ({"munge.service": MASKED}, ["munge.service, so it is left so and does not run"]),
    "masked while it runs": (
        {"slurmd.service": {**MASKED, "active": "active"}},
        ["left so and runs until it is stopped"],
    ),
    "both": ({"munge.service": MASKED, "slurmd.service": MASKED}, ["munge.service", "slurmd.service"]),
}


@pytest.mark.parametrize("case", FOUND)
def test_an_admins_mask_is_told_with_what_ends_it(case: str) -> None:
    units, words = FOUND[case]
    told = masks(STATES, node(can_set_clock=False, units=units), "BLD-008")
    assert len(told) == len(words)
    for sentence, part in zip(told, words, strict=True):
        assert part in sentence
        assert "; next: `systemctl unmask " in sentence
        assert sentence.endswith("then `provision slurm --nodes BLD-008`")


def test_masks_of_some_roles_are_told_by_themselves() -> None:
    facts = node(can_set_clock=False, units={"munge.service": MASKED, "slurmd.service": MASKED})
    (told,) = masks(STATES, facts, "BLD-008", ["slurmd", "scratch"])
    assert "slurmd.service" in told
    assert masks(STATES, facts, "BLD-008", []) == []


def test_a_question_is_left_alone_with_the_stopped_unit_that_it_needs() -> None:
    state = {"asks": {"account": {"argv": ["a"], "wanted": "x", "run": ["b"], "needs": ["munge.service"]}}}
    stopped = {**RUNS, "active": "inactive"}
    assert lines(state, node(units={"munge.service": stopped}, asks={}))
    assert lines(state, node(units={"munge.service": MASKED}, asks={})) == []


def test_a_mask_until_the_next_boot_is_ended_by_its_own_command() -> None:
    (told,) = masks(STATES, node(units={"munge.service": {**MASKED, "enabled": "masked-runtime"}}), "BLD-008")
    assert "`systemctl unmask --runtime munge.service`" in told


def test_a_unit_is_left_alone_with_the_stopped_one_that_it_needs() -> None:
    """slurmd cannot start without munge, and its failure would hide the cause."""
    options = STATES["slurmd"]["units"]["slurmd.service"]
    stopped = {**RUNS, "active": "inactive"}
    for munge, left in ((MASKED, True), (OURS, False), ({**MASKED, "active": "active"}, False), (ABSENT, False)):
        facts = node(units={"munge.service": munge, "slurmd.service": stopped})
        assert keeps_away(facts, "slurmd.service", options) is left
        assert bool([line for line in lines(STATES["slurmd"], facts) if "slurmd" in line]) is not left


def test_who_masks_a_unit_that_must_never_run_is_all_the_same() -> None:
    facts = node(units={"sackd.service": MASKED})
    assert not keeps_away(facts, "sackd.service", {"masked": True})
    assert is_masked(facts, "sackd.service")
