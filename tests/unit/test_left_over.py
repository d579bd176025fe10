"""What a plan does not want any more is told, with the command that ends it."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.left_over import UNITS, left_over_notes
from provisioner.roles import ROLES
from tests.contracts.ansible_files import ROOT, read, state_of

GONE = {"load": "not-found", "active": "inactive", "enabled": "", "since": 0.0, "reload_needed": False}


def blade(**units: Any) -> dict[str, Any]:
    return {"units": {f"{name}.service".replace("_", "-"): {**GONE, **state} for name, state in units.items()}}


@pytest.mark.parametrize("state", [{"active": "active"}, {"enabled": "enabled"}])
def test_a_firewall_that_the_plan_has_no_more_is_told(state: dict[str, str]) -> None:
    (note,) = left_over_notes(["base", "slurmd"], blade(provision_firewall=state, slurmrestd_proxy={}))
    assert note.endswith("next: `systemctl disable --now provision-firewall.service` on it")
    assert left_over_notes(["base", "firewall"], blade(provision_firewall=state)) == []


def test_what_is_gone_or_was_never_there_is_not_told() -> None:
    assert left_over_notes(["base"], blade(provision_firewall={}, slurmrestd_proxy={"enabled": "disabled"})) == []
    assert left_over_notes(["base"], {"units": {}}) == []


@pytest.mark.parametrize("role", UNITS)
def test_the_units_are_those_of_the_role_and_every_node_is_asked_for_the_first(role: str) -> None:
    assert role in ROLES
    assert set(UNITS[role]) == set(state_of(role)["units"])
    (task,) = read(ROOT / "playbooks" / "tasks" / "facts.yml")
    assert f"'{UNITS[role][0]}'" in task["vars"]["__facts_questions"]
