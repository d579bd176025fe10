from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.choice import choice, on_trial, reported, touched
from provisioner.slurm.installation import MARK, mark_text

LINE = {"role": "slurmd", "kind": "units", "name": "slurmd.service", "line": "x", "own": False}
WORK: dict[str, Any] = {"problems": [], "busy": "", "remains": [], "doubts": [], "masked": [], "unaccounted": []}


def host(name: str = "bld-008", full: bool = False, before: bool = False, pending: bool = False, **work: Any) -> Any:
    """The variables of a node that was looked at, in sync unless something else is said."""
    blade: dict[str, Any] = {"full": full, "machine_id": name, "paths": {}}
    blade["paths"][MARK] = {"content": mark_text(blade, "demo", name)}
    return {
        "inventory_hostname": name,
        "base_cluster": "demo",
        "ansible_facts": {"blade": blade},
        "state_before": [LINE] if before else [],
        "state_pending": [LINE] if pending else [],
        "slurm_work": {**WORK, **work},
    }


WELL = host("bld-006")
CASES: dict[str, tuple[Any, list[str]]] = {
    "in sync": (host(), []),
    "differs": (host(pending=True), ["slurm_pending"]),
    "differed before packages came": (host(before=True), ["slurm_pending"]),
    "all tasks": (host(full=True), ["slurm_pending"]),
    "doubts": (host(doubts=["x"]), ["slurm_pending"]),
    "an admin's mask": (host(masked=["x"]), ["slurm_masked"]),
    "an admin's mask of the database": (host(unaccounted=["x"]), ["slurm_pending"]),
    "refused": (host(problems=["x"]), ["slurm_stopped"]),
    "another run": (host(busy="x"), ["slurm_stopped"]),
    "another run, and it differs": (host(busy="x", pending=True), ["slurm_stopped", "slurm_pending"]),
    "a dead run left something": (host(remains=["apt"]), ["slurm_stopped", "slurm_pending"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_node_is_in_the_groups_of_what_is_to_be_done(case: str) -> None:
    node, groups = CASES[case]
    found = choice([WELL, node], WELL)
    assert [(each["name"], each["groups"]) for each in found] == ([("bld-008", groups)] if groups else [])


@pytest.mark.parametrize(
    ("mark", "slurmd", "slurmctld", "groups"),
    [
        (False, "inactive", "active", ["slurm_new", "slurm_unproved"]),
        (False, "inactive", "inactive", ["slurm_new"]),
        (False, "active", "active", []),
        (True, "inactive", "active", []),
    ],
    ids=["in a living cluster", "in a first run", "from before marks", "slurmd is stopped"],
)
def test_a_new_installation_is_proved_before_it_takes_jobs(
    mark: bool, slurmd: str, slurmctld: str, groups: list[str]
) -> None:
    """Jobs may be on one whose slurmd runs: a release before marks made it a member."""
    node, controller = host(pending=True), host("bld-006")
    for each, daemon, state in ((node, "slurmd", slurmd), (controller, "slurmctld", slurmctld)):
        each["node_roles"] = [daemon]
        each["ansible_facts"]["blade"]["units"] = {f"{daemon}.service": {"active": state}}
    if not mark:
        node["ansible_facts"]["blade"]["paths"] = {}
    (found,) = [each for each in choice([controller, node], controller) if each["name"] == "bld-008"]
    assert found["groups"] == ["slurm_pending", *groups]


def test_a_node_that_is_refused_for_its_installation_is_stopped() -> None:
    copy = host("bld-011", pending=True)
    copy["ansible_facts"]["blade"]["machine_id"] = "bld-008"
    found = {each["name"]: each for each in choice([WELL, host(), copy], WELL)}["bld-011"]
    assert found["groups"] == ["slurm_stopped"]
    assert found["installation"]["standing"] == "duplicate machine-id"
    assert "the machine-id of bld-008" in found["refused"][0]
    # Who answers for something else already is told that first.
    copy["slurm_work"]["problems"] = ["x"]
    assert all(each["refused"] == [] for each in choice([WELL, host(), copy], WELL))


def test_all_nodes_hear_that_the_controller_did_not_answer() -> None:
    assert [each["groups"] for each in choice([host(), host("bld-011")], {})] == [["slurm_pending"]] * 2


def test_an_upgrade_is_work_everywhere() -> None:
    assert [each["name"] for each in choice([WELL, host()], WELL, upgrade=True)] == ["bld-006", "bld-008"]


def test_a_node_is_touched_where_it_differed_or_everything_ran() -> None:
    nodes = [host("a"), host("b", pending=True), host("c", before=True), host("d", full=True), host("e", doubts=["x"])]
    # `provision verify` by itself has compared nothing.
    only_asked = {"inventory_hostname": "f", "ansible_facts": {"blade": {"full": False}}}
    assert touched([*nodes, only_asked]) == ["b", "c", "d"]


def test_a_node_is_reported_when_there_is_something_to_say() -> None:
    nothing: dict[str, list[str]] = {"problems": [], "notes": [], "news": []}
    told = {
        "a": nothing,
        "b": {**nothing, "problems": ["x"]},
        "c": {**nothing, "notes": ["x"]},
        "d": {**nothing, "news": ["x"]},
        "evil": {**nothing, "problems": ["x"]},
    }
    assert reported(["a", "b", "c", "d", "gone"], {"nodes": told}) == ["b", "c", "d"]
    assert reported(["a"], {}) == []


def test_who_gets_in_changes_on_one_node_first_and_on_the_controller_last() -> None:
    access = {**LINE, "role": "adopt"}
    nodes = [
        {**host("head"), "node_roles": ["slurmctld", "adopt"], "state_pending": [access]},
        {**host("a", pending=True), "node_roles": ["slurmd", "adopt"]},
        {**host("b"), "node_roles": ["slurmd", "adopt"], "state_before": [access]},
        {**host("c", full=True), "node_roles": ["slurmd", "adopt"]},
        {**host("d", full=True), "node_roles": ["slurmdbd"]},
    ]
    assert on_trial(nodes, ["adopt"]) == ["b", "c", "head"]
    assert on_trial(nodes, ["firewall"]) == []
