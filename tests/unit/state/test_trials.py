"""What could lock everybody out goes through the module `trial`, and never beside it."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.state import work
from provisioner.state.differences import differences
from provisioner.state.kinds import StateError
from provisioner.state.questions import questions
from provisioner.state.tampering import cases
from provisioner.state.trials import trials
from tests.unit.state.nodes import in_sync

STATE: dict[str, Any] = {
    "files": {
        "/etc/pam.d/sshd": {"content": "account required x\n", "trial": "adopt"},
        "/etc/more": {"content": "more\n", "mode": "0600", "trial": "adopt", "release": "12"},
        "/etc/plain": {"content": "plain\n"},
        "/etc/rules": {"content": "rules\n", "trial": "firewall", "validate": "nft -c -f %s"},
    },
    "trials": {
        "adopt": {"proofs": {"root would not get in": ["true", 1]}},
        "firewall": {"apply": ["nft", "-f", "/etc/rules"], "undo": ["nft", "flush", "x"]},
    },
}
STATES = {"r": STATE}
LEFT = "/var/lib/provision/trial/adopt"


def differing(**paths: Any) -> dict[str, Any]:
    facts = in_sync(STATE)
    facts["paths"] |= {f"/{name.replace('_', '/')}": {"kind": "absent"} for name in paths}
    return facts


def found(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return [each.as_dict() for each in differences(STATES, facts)]


def names(facts: dict[str, Any], everything: bool = False) -> list[str]:
    return [each["name"] for each in trials(STATES, found(facts), facts, everything)]


def test_a_node_in_sync_has_nothing_on_trial() -> None:
    facts = in_sync(STATE)
    assert found(facts) == []
    assert names(facts) == []
    assert names(facts, everything=True) == ["adopt", "firewall"]


def test_what_differs_comes_as_a_whole() -> None:
    facts = differing(etc_more=True)
    (adopt,) = trials(STATES, found(facts), facts, everything=False)
    assert [entry["path"] for entry in adopt["files"]] == ["/etc/pam.d/sshd", "/etc/more"]
    assert adopt["files"][1]["mode"] == "0600"
    assert adopt["proofs"] == {"root would not get in": ["true", "1"]}
    assert (adopt["apply"], adopt["undo"]) == ([], [])


def test_commands_and_validation_are_handed_on() -> None:
    facts = differing(etc_rules=True)
    (firewall,) = trials(STATES, found(facts), facts, everything=False)
    assert firewall["apply"] == ["nft", "-f", "/etc/rules"]
    assert firewall["undo"] == ["nft", "flush", "x"]
    assert firewall["files"][0]["validate"] == "nft -c -f %s"


def test_they_are_never_written_beside_it() -> None:
    facts = differing(etc_rules=True, etc_plain=True, etc_more=True)
    for everything in (False, True):
        written = [entry["path"] for entry in work.file_entries(STATES, found(facts), facts, everything)]
        assert written == ["/etc/plain"]


def test_what_a_dead_run_left_is_a_difference() -> None:
    """The files look right, and the node is about to take them back."""
    assert LEFT in questions(STATES)["paths"]
    facts = in_sync(STATE)
    facts["paths"][LEFT] = {"kind": "folder"}
    (left,) = found(facts)
    assert left["line"] == "trial adopt: left by a run that died -> tried anew"
    assert names(facts) == ["adopt"]


def test_a_file_of_another_release_is_not_in_it() -> None:
    facts = in_sync(STATE, "13")
    facts["paths"]["/etc/pam.d/sshd"] = {"kind": "absent"}
    (adopt,) = trials(STATES, found(facts), facts, everything=False)
    assert [entry["path"] for entry in adopt["files"]] == ["/etc/pam.d/sshd"]


def test_a_trial_that_nobody_has_names_the_role() -> None:
    states = {"r": {"files": {"/x": {"content": "", "trial": "gone"}}}}
    with pytest.raises(StateError, match="role r: files /x is of a trial gone"):
        trials(states, [], in_sync(STATE), everything=True)


def test_two_roles_have_no_trial_in_common() -> None:
    with pytest.raises(StateError, match="both keep trial adopt"):
        questions({"r": {"trials": {"adopt": {}}}, "s": {"trials": {"adopt": {}}}})


def test_tests_harm_no_part_that_is_not_the_roles() -> None:
    harms = {case.harm for case in cases(STATES, "12") if case.name == "/etc/pam.d/sshd"}
    assert harms == {"mode"}
