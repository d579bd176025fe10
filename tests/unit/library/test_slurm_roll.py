"""The part of a rolling run on the controller: whose drains it touches, and that only one run is at work."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.library.modules import ansible_module, answer_of, shared
from tests.unit.library.slurm_cluster import update

MODULE = ansible_module("slurm_roll")
OWNER, NODES, NOTE = shared("drain_owner"), shared("slurm_nodes"), shared("rolling_note")
ROLLING, OURS = OWNER.ROLLING, OWNER.OURS
RUN = "20261127T013000Z-4711"
ME = {"run": RUN, "by": "eve", "at": "here", "machine": "m", "pid": 4711, "start": 7}


def node(state: str, reason: str = "") -> dict[str, Any]:
    return {"states": set(state.split("+")), "reason": reason, "by": "root"}


TAKEN = {
    "free": (node("IDLE"), ("drained", [["state=drain", f"reason={ROLLING}{RUN} drain: upgrade"]])),
    "of a run that died": (
        node("IDLE+DRAIN", f"{ROLLING}20261126T013000Z-1 change: upgrade"),
        ("drained", [[f"reason={ROLLING}{RUN} drain: upgrade"]]),
    ),
    "ours already": (node("IDLE+DRAIN", f"{ROLLING}{RUN} drain: upgrade"), ("drained", [])),
    "Slurm found more": (
        node("IDLE+DRAIN", f"{ROLLING}{RUN} change: x : Low CPUs"),
        ("drained", [[f"reason={ROLLING}{RUN} drain: upgrade : Low CPUs"]]),
    ),
    "of provision drain": (node("IDLE+DRAIN", f"{OURS}fans"), ("kept", [])),
    "of an admin": (node("IDLE+DRAIN", "fans"), ("kept", [])),
    "unknown": (None, ("missing", [])),
}
GIVEN_BACK = {
    "ours": (
        node("IDLE+DRAIN", f"{ROLLING}{RUN} change: upgrade"),
        ("resumed", [["state=undrain"], [f"reason=provision: was drained: {RUN} change: upgrade"]]),
    ),
    "back from its reboot": (
        node("IDLE", f"{ROLLING}{RUN} reboot: upgrade"),
        ("ready", [[f"reason=provision: was drained: {RUN} reboot: upgrade"]]),
    ),
    "rebooted, not proved yet": (
        node("IDLE+DRAIN", f"{ROLLING}{RUN} reboot: upgrade : reboot issued"),
        ("resumed", [["state=undrain"], [f"reason=provision: was drained: {RUN} reboot: upgrade"]]),
    ),
    "in work": (node("IDLE", "fans"), ("ready", [])),
    "of provision drain": (node("IDLE+DRAIN", f"{OURS}fans"), ("kept", [])),
    "of an admin": (node("IDLE+DRAIN", "fans"), ("kept", [])),
    "of an admin, rebooted": (node("IDLE+DRAIN", "fans : reboot issued"), ("kept", [["reason=fans"]])),
    "Slurm found more": (node("IDLE+DRAIN", f"{ROLLING}{RUN} change: x : Low CPUs"), ("kept", [["reason=Low CPUs"]])),
    "unknown": (None, ("missing", [])),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_comes_of_a_node_that_is_taken(case: str) -> None:
    before, expected = TAKEN[case]
    assert OWNER.roll(before, f"{RUN} drain: upgrade") == expected


@pytest.mark.parametrize("case", GIVEN_BACK)
def test_what_comes_of_a_node_that_is_given_back(case: str) -> None:
    before, expected = GIVEN_BACK[case]
    assert OWNER.unroll(before) == expected


@given(reason=st.text())
def test_no_other_drain_is_ever_touched(reason: str) -> None:
    if not reason.startswith(ROLLING):
        assert OWNER.roll(node("IDLE+DRAIN", reason), "x") == ("kept", [])
        assert OWNER.unroll(node("IDLE+DRAIN", reason)) == ("kept", [])


def test_a_person_can_end_or_take_over_what_a_rolling_run_drained() -> None:
    rolled = node("IDLE+DRAIN", f"{ROLLING}{RUN} change: upgrade")
    assert OWNER.resume(rolled)[0] == "resumed"
    assert OWNER.drain(rolled, "fans") == ("drained", [[f"reason={OURS}fans"]])


class Slurm:
    """scontrol and squeue of a controller."""

    def __init__(self) -> None:
        self.nodes = {"bld-008": ("IDLE", ""), "bld-009": ("IDLE+DRAIN", "broken"), "bld-010": ("MIXED", "")}
        self.jobs = [["17", "bld-010"]]
        self.told: list[tuple[str, ...]] = []

    def run(self, *command: str, **_: Any) -> tuple[int, str, str]:
        if command[1] in ("update", "reboot"):
            self.told.append(command[1:])
        if command[1] == "update":
            update(self.nodes, command)
            return 0, "", ""
        rows = [
            f"NodeName={name} Version=1 OS=Linux Partitions=forged State={state} Partitions=all,medium "
            f"BootTime=2026-11-27T01:00:00 Reason={reason} [root@2026-11-23T04:31:00]"
            for name, (state, reason) in self.nodes.items()
        ]
        return 0, "\n".join(rows), ""


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Slurm:
    made = Slurm()
    monkeypatch.setattr(NODES, "run", made.run)
    monkeypatch.setattr(MODULE, "table", lambda *_: made.jobs)
    for name in ("claim", "heard", "end", "read"):
        defaults = getattr(NOTE, name).__defaults__
        monkeypatch.setattr(getattr(NOTE, name), "__defaults__", (*defaults[:-1], str(tmp_path)))
    return made


def asked(do: str, *nodes: str, **more: Any) -> dict[str, Any]:
    words = base64.b64encode(f"{RUN} drain: upgrade".encode()).decode()
    return answer_of(MODULE, do=do, nodes=list(nodes), words_b64=words, **{"owner": ME, **more})


def test_every_node_is_told_with_what_slurmctld_says_itself(slurm: Slurm) -> None:
    answer = asked("look")
    first = answer["nodes"][0]
    assert (first["name"], first["states"], first["silent"]) == ("bld-008", ["IDLE"], False)
    assert (first["partitions"], first["boot"]) == (["all", "medium"], "2026-11-27T01:00:00")
    assert answer["running"] == [["17", "bld-010"]]
    assert (answer["changed"], slurm.told, answer["note"]) == (False, [], {})


def test_nodes_are_taken_and_given_back(slurm: Slurm) -> None:
    asked("begin", kind="upgrade")
    answer = asked("take", "bld-008", "bld-009", "bld-011")
    assert answer["result"] == {"bld-008": "drained", "bld-009": "kept", "bld-011": "missing"}
    assert slurm.told == [("update", "nodename=bld-008", "state=drain", f"reason={ROLLING}{RUN} drain: upgrade")]
    assert asked("back", "bld-008", "bld-009")["result"] == {"bld-008": "resumed", "bld-009": "kept"}
    assert slurm.nodes["bld-009"] == ("IDLE+DRAIN", "broken")


def test_slurm_itself_reboots(slurm: Slurm) -> None:
    asked("begin", kind="reboot")
    asked("reboot", "bld-008", "bld-009")
    assert slurm.told == [("reboot", "bld-008,bld-009")]


def test_a_check_tells_slurmctld_nothing(slurm: Slurm, tmp_path: Path) -> None:
    asked("begin", _ansible_check_mode=True)
    asked("take", "bld-008", _ansible_check_mode=True)
    assert (slurm.told, list(tmp_path.iterdir())) == ([], [])


def test_one_run_is_at_work(slurm: Slurm) -> None:
    other = {**ME, "run": "20261127T020000Z-1"}
    assert asked("begin", kind="reboot")["ours"]
    refused = asked("begin", owner=other, kind="reboot")
    assert (refused["ours"], refused["note"]["run"]) == (False, RUN)
    assert not asked("take", "bld-008", owner=other)["ours"]
    assert slurm.told == []
    # It is known to be over.
    assert asked("begin", owner=other, instead=RUN, kind="reboot")["ours"]
    assert not asked("take", "bld-008")["ours"]


def test_a_run_that_nobody_heard_of_counts_as_dead(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    asked("begin", kind="reboot")
    now = NOTE.time.time()
    monkeypatch.setattr(NOTE.time, "time", lambda: now + NOTE.SILENCE + 1)
    assert asked("begin", owner={**ME, "run": "20261127T020000Z-1"}, kind="reboot")["ours"]


def test_the_next_run_goes_on_with_what_was_rebooted(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    following = {**ME, "run": "20261127T020000Z-1"}
    asked("begin", kind="reboot")
    asked("hear", done=["bld-008"])
    asked("end")
    assert asked("begin", owner=following, kind="reboot")["note"]["done"] == ["bld-008"]
    asked("end", owner=following)
    assert asked("begin", kind="upgrade and reboot")["note"]["done"] == []
    asked("hear", done=["bld-008"])
    asked("end")
    assert asked("begin", owner=following, kind="upgrade and reboot", fresh=True)["note"]["done"] == []
    asked("whole", owner=following)
    assert asked("look")["note"] == {}


def test_what_was_stopped_long_ago_is_over(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    asked("begin", kind="reboot")
    asked("hear", done=["bld-008"])
    asked("end")
    now = NOTE.time.time()
    monkeypatch.setattr(NOTE.time, "time", lambda: now + NOTE.KEPT + 1)
    assert asked("begin", kind="reboot")["note"]["done"] == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"heard": "x"}', '{"heard": 1}', "null"])
def test_a_note_that_makes_no_sense_is_none(slurm: Slurm, tmp_path: Path, text: str) -> None:
    (tmp_path / NOTE.NAME).write_text(text)
    assert asked("look")["note"] == {}
    assert asked("begin", kind="reboot")["ours"]


def test_a_refusal_of_slurmctld_is_said(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    asked("begin", kind="reboot")
    refuses = (1, "", "RebootProgram isn't defined\n")
    monkeypatch.setattr(NODES, "run", lambda *words, **_: refuses if words[1] == "reboot" else slurm.run(*words))
    assert "RebootProgram isn't defined" in asked("reboot", "bld-008")["msg"]
