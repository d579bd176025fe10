from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner import __version__
from provisioner.announced import FACTS_TASK
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.history import past_run
from provisioner.run.standings import LATER, TASK, is_another_machine, standings
from provisioner.run.synced import synced
from provisioner.slurm.installation import Standing, Verdict
from tests.contracts.ansible_files import ROOT, read

REFUSED = Diagnosis("its board is the one of bld-002", "is it in the right bay?")
FRESH = Verdict(Standing.FRESH, "it was imaged anew").as_dict()


def chosen(*items: Any) -> dict[str, Any]:
    """What the loop over chosen nodes returned."""
    return {TASK: {"results": [{"item": item} for item in items]}}


def test_who_is_not_named_is_in_sync_and_who_did_not_answer_is_unknown() -> None:
    results = {
        "bld-006": {FACTS_TASK: {}, **chosen({"name": "bld-008", "groups": [], "installation": FRESH})},
        "bld-008": {FACTS_TASK: {}},
        "bld-011": {},
    }
    assert standings(results) == {"bld-006": Verdict(Standing.IN_SYNC).as_dict(), "bld-008": FRESH}


def test_where_nothing_was_chosen_all_are_in_sync() -> None:
    looked: dict[str, dict[str, Any]] = {"bld-006": {FACTS_TASK: {}}, "bld-008": {FACTS_TASK: {}}}
    assert standings(looked) == {}, "the run may have been stopped before"
    looked["bld-006"][LATER] = {}
    assert [found["standing"] for found in standings(looked).values()] == ["in sync", "in sync"]


@pytest.mark.parametrize("odd", [{}, {TASK: 7}, {TASK: {"results": "x"}}, {TASK: {"results": [7, {"item": 7}]}}])
def test_what_has_another_shape_says_nothing_of_a_blade(odd: dict[str, Any]) -> None:
    assert "bld-008" not in standings({"bld-006": odd})


def test_the_task_is_the_one_of_the_playbook() -> None:
    plays = [*read(ROOT / "playbooks" / "preflight.yml"), *read(ROOT / "playbooks" / "prove.yml")]
    assert {TASK, LATER} <= {task["name"] for play in plays for task in play["tasks"]}


def record(standing: str, release: str = __version__, check: bool = False, **blade: Any) -> dict[str, Any]:
    found = {"status": "ok", "changed": [], "installation": {"standing": standing, "why": "x"}, **blade}
    return {
        "playbook": "slurm.yml", "check": check, "exit_code": 0, "release": release, "blades": {"BLD-008": found},
    }  # fmt: skip


FAILURE: dict[str, Any] = {"failure": {"message": "refused", "next_step": ""}}


@pytest.mark.parametrize(
    ("kept", "standing"),
    [
        (record("fresh", changed=["x"]), "in sync"),
        (record("in sync"), "in sync"),
        (record("in sync", release="0.0.1"), "outdated"),
        (record("fresh", check=True, changed=["x"]), "fresh"),
        (record("in sync", check=True, changed=["x"]), "outdated"),
        (record("outdated", left=["x"]), "outdated"),
        (record("duplicate machine-id", **FAILURE), "duplicate machine-id"),
        (record("duplicate machine-id"), "duplicate machine-id"),
        (record("foreign", **FAILURE), "foreign"),
        (record("other hardware", **FAILURE), "other hardware"),
        (record("\x1b[31m", **FAILURE), ""),
    ],
)
def test_a_later_look_at_the_record_says_how_it_stands(kept: dict[str, Any], standing: str) -> None:
    run = "20261127T010203Z-abcd"
    assert past_run(run, kept) is not None
    found = synced([(run, json.loads(json.dumps(kept)))], ["BLD-008"], {})["BLD-008"]
    assert found.installation == standing


def test_a_record_of_an_older_release_says_nothing() -> None:
    old = record("in sync")
    del old["blades"]["BLD-008"]["installation"], old["release"]
    assert synced([("20261127T010203Z-abcd", old)], ["BLD-008"], {})["BLD-008"].installation == ""


@pytest.mark.parametrize(
    ("standing", "failure", "is_one"),
    [
        ("other hardware", REFUSED, True),
        ("foreign", REFUSED, True),
        ("duplicate machine-id", REFUSED, True),
        ("fresh", REFUSED, False),
        # Accepted by `provision replace`.
        ("other hardware", None, False),
    ],
)
def test_only_what_was_refused_is_another_machine(standing: str, failure: Diagnosis | None, is_one: bool) -> None:
    blade = BladeState(failure=failure, installation={"standing": standing, "why": ""})
    assert is_another_machine(blade) is is_one
    assert is_another_machine(None) is False
