"""Whatever a role keeps: a node that is so differs in nothing, and any damage is told of that thing alone."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioner.state import work
from provisioner.state.differences import differences
from provisioner.state.kinds import all_things
from provisioner.state.questions import questions
from provisioner.state.trials import trials
from tests.unit.state.drawn import HARMS, STATES, harmed, is_harmless
from tests.unit.state.nodes import SALT, Facts, in_sync, node

RELEASES = st.sampled_from(["12", "13"])


def found(state: dict[str, Any], facts: Facts, their: Facts | None = None) -> list[dict[str, Any]]:
    others = {"other": their if their is not None else in_sync(state)}
    return [each.as_dict() for each in differences({"r": state}, facts, others, "me", SALT)]


def users_of(state: dict[str, Any], name: str) -> set[str]:
    """Units that read or hold a path."""
    return {
        unit
        for unit, options in state["units"].items()
        if name in [*options.get("reads", ()), *options.get("holds", ())]
    }


@given(STATES, RELEASES)
def test_a_node_exactly_as_kept_has_no_differences_and_no_work(state: dict[str, Any], release: str) -> None:
    facts = in_sync(state, release)
    # What is the same as there is so only where both releases keep it.
    their = {"secrets": facts["secrets"]}
    assert found(state, facts, their) == []
    assert work.file_entries({"r": state}, [], facts, False) == []
    assert work.units({"r": state}, [], facts, [], False) == []


@given(STATES, RELEASES)
def test_a_new_node_is_told_of_every_thing_once(state: dict[str, Any], release: str) -> None:
    told = found(state, node(os={"version_id": release}))
    kept = [
        (kind, name)
        for kind in state
        for _, name, _ in all_things({"r": state}, kind, release)
        # What must not be there is nowhere on a new node, and nothing is on trial.
        if kind not in ("strays", "trials")
    ]
    assert sorted((each["kind"], each["name"]) for each in told) == sorted(kept)
    assert len({each["line"] for each in told}) == len(kept)


@given(STATES, RELEASES, st.data())
def test_any_damage_is_told_of_that_thing_and_of_units_that_use_it(
    state: dict[str, Any], release: str, data: st.DataObject
) -> None:
    kept = [(kind, name) for kind in state for _, name, _ in all_things({"r": state}, kind, release)]
    if not kept:
        return
    kind, name = data.draw(st.sampled_from(kept))
    synced = in_sync(state, release)
    facts = harmed(synced, name, data.draw(st.sampled_from(HARMS[kind])))
    told = found(state, facts, synced)
    named = [(each["kind"], each["name"]) for each in told]
    if is_harmless(state, kind, name, facts):
        assert named == []
        return
    assert named.count((kind, name)) == 1
    assert {each for each in named if each != (kind, name)} <= {("units", unit) for unit in users_of(state, name)}
    assert all(each["line"] and each["line"].isprintable() for each in told)
    assert (kind, name) == named[0], "what uses it comes after it"


@given(STATES, RELEASES)
def test_what_is_told_is_what_is_done(state: dict[str, Any], release: str) -> None:
    """No file, secret or unit is worked on without its line, and each line has its work."""
    facts, states = node(os={"version_id": release}), {"r": state}
    told = found(state, facts)
    names = {each["name"] for each in told if each["kind"] in ("folders", "links", "files")}
    masked = {each["name"] for each in told if each["kind"] == "units" and state["units"][each["name"]].get("masked")}
    entries = {entry["path"] for entry in work.file_entries(states, told, facts, False)}
    on_trial = {entry["path"] for each in trials(states, told, facts, False) for entry in each["files"]}
    assert not entries & on_trial
    assert entries | on_trial == names | {f"/etc/systemd/system/{name}" for name in masked}
    secrets = {each["entry"]["path"] for each in work.secrets(states, told, facts, False)}
    assert secrets == {each["name"] for each in told if each["kind"] == "secrets"}
    started = {unit["work"]["name"] for unit in work.units(states, told, facts, [], False)}
    assert started == {each["name"] for each in told if each["kind"] == "units"} - masked


@given(STATES)
def test_what_is_asked_is_what_is_compared(state: dict[str, Any]) -> None:
    """A node that answers no more than it was asked is in sync with all releases."""
    asked = questions({"r": state})
    json.dumps(asked)
    for release in ("12", "13"):
        facts = in_sync(state, release)
        assert {*facts["packages"]} <= {*asked["packages"]}
        assert {*facts["units"]} <= {*asked["units"]}
        assert {*facts["paths"]} <= {*asked["paths"]}
        assert {*facts["secrets"]} <= {*asked["secrets"]}
        assert {*facts["users"]} <= {*asked["users"]}
        assert {*facts["asks"]} <= {*asked["asks"]}
