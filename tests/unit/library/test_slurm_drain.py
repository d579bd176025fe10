"""Nodes that a person takes out of work or gives back: only our own drains are ever touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.library.modules import ansible_module, answer_of, shared
from tests.unit.library.slurm_cluster import update

MODULE = ansible_module("slurm_drain")
OWNER, NODES = shared("drain_owner"), shared("slurm_nodes")
OURS = OWNER.OURS


def node(state: str, reason: str = "") -> dict[str, Any]:
    return {"states": set(state.split("+")), "reason": reason, "by": "root"}


DRAINS = {
    "free": (node("IDLE"), ("drained", [["state=drain", f"reason={OURS}fans (eve)"]])),
    "with jobs": (node("MIXED"), ("drained", [["state=drain", f"reason={OURS}fans (eve)"]])),
    "down": (node("DOWN", "Not responding"), ("drained", [["state=drain", f"reason={OURS}fans (eve)"]])),
    "was ours once": (node("IDLE", f"{OURS}old"), ("drained", [["state=drain", f"reason={OURS}fans (eve)"]])),
    "ours": (node("IDLE+DRAIN", f"{OURS}fans (eve)"), ("drained", [])),
    "ours, for something else": (node("IDLE+DRAIN", f"{OURS}disk"), ("drained", [[f"reason={OURS}fans (eve)"]])),
    "ours, and Slurm found more": (
        node("IDLE+DRAIN", f"{OURS}disk : Low CPUs"),
        ("drained", [[f"reason={OURS}fans (eve) : Low CPUs"]]),
    ),
    "an admin's": (node("IDLE+DRAIN", "broken"), ("kept", [])),
    "Slurm's": (node("IDLE+DRAIN", "Low TmpDisk"), ("kept", [])),
    "of the health check": (node("IDLE+DRAIN", "provision: health: ill"), ("kept", [])),
    "unknown": (None, ("missing", [])),
}
RESUMES = {
    "free": (node("IDLE"), ("ready", [])),
    "down": (node("DOWN", f"{OURS}old"), ("ready", [])),
    "ours": (
        node("IDLE+DRAIN", f"{OURS}fans"),
        ("resumed", [["state=undrain"], ["reason=provision: was drained: fans"]]),
    ),
    "ours, and down": (
        node("DOWN+DRAIN", f"{OURS}fans"),
        ("resumed", [["state=undrain"], ["reason=provision: was drained: fans"]]),
    ),
    "ours, and Slurm found more": (node("IDLE+DRAIN", f"{OURS}fans : Low CPUs"), ("kept", [["reason=Low CPUs"]])),
    "an admin's": (node("IDLE+DRAIN", "broken"), ("kept", [])),
    "an admin's that looks like ours": (node("IDLE+DRAIN", f"see {OURS}fans"), ("kept", [])),
    "of the health check": (node("IDLE+DRAIN", "provision: health: ill"), ("kept", [])),
    "unknown": (None, ("missing", [])),
}


@pytest.mark.parametrize("case", DRAINS)
def test_what_comes_of_a_node_that_is_to_be_drained(case: str) -> None:
    before, expected = DRAINS[case]
    assert OWNER.drain(before, "fans (eve)") == expected


@pytest.mark.parametrize("case", RESUMES)
def test_what_comes_of_a_node_that_is_to_take_jobs_again(case: str) -> None:
    before, expected = RESUMES[case]
    assert OWNER.resume(before) == expected


@given(words=st.text(), state=st.sampled_from(["IDLE", "MIXED", "DOWN"]))
def test_what_was_drained_is_resumed_whatever_was_said(words: str, state: str) -> None:
    _, ((drained, reason),) = OWNER.drain(node(state), words)
    assert drained == "state=drain"
    result, told = OWNER.resume(node(f"{state}+DRAIN", reason.removeprefix("reason=")))
    assert (result, told[0]) == ("resumed", ["state=undrain"])


@given(reason=st.text())
def test_no_other_drain_is_ever_touched(reason: str) -> None:
    if not reason.startswith(OURS):
        assert OWNER.drain(node("IDLE+DRAIN", reason), "x") == ("kept", [])
        assert OWNER.resume(node("IDLE+DRAIN", reason)) == ("kept", [])


class Slurm:
    """scontrol and squeue of a controller."""

    def __init__(self) -> None:
        self.nodes = {"bld-008": ("IDLE", ""), "bld-009": ("IDLE+DRAIN", "broken")}
        self.jobs: list[list[list[str]]] = [[]]
        self.told: list[tuple[str, ...]] = []
        self.refuses = False

    def run(self, *command: str, **_: Any) -> tuple[int, str, str]:
        if command[1] == "update":
            self.told.append(command[2:])
            if self.refuses:
                return 1, "", "slurm_update error: Access/permission denied\n"
            update(self.nodes, command)
            return 0, "", ""
        rows = [
            f"NodeName={name} State={state} Version=1 Reason={reason} [root@2026-11-23T04:31:00]"
            for name, (state, reason) in self.nodes.items()
        ]
        return 0, "\n".join(rows), ""

    def table(self, *_: Any) -> list[list[str]]:
        return self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> Slurm:
    made = Slurm()
    monkeypatch.setattr(NODES, "run", made.run)
    monkeypatch.setattr(MODULE, "table", made.table)
    monkeypatch.setattr(MODULE, "_POLL_SECONDS", 0.01)
    return made


def asked(state: str = "drained", **more: Any) -> dict[str, Any]:
    return answer_of(MODULE, nodes=["bld-008", "bld-009", "bld-010"], state=state, reason_b64="ZmFucw==", **more)


def test_each_node_is_told_with_what_slurmctld_says_afterwards(slurm: Slurm) -> None:
    answer = asked()
    assert [(each["name"], each["result"], each["told"]) for each in answer["nodes"]] == [
        ("bld-008", "drained", True), ("bld-009", "kept", False), ("bld-010", "missing", False)
    ]  # fmt: skip
    assert answer["nodes"][0]["states"] == ["DRAIN", "IDLE"]
    assert answer["nodes"][0]["reason"] == f"{OURS}fans"
    assert answer["changed"]
    assert not asked()["changed"]


def test_nodes_that_are_alike_are_told_in_one_command(slurm: Slurm) -> None:
    slurm.nodes |= {f"n{number}": ("IDLE", "") for number in range(1000)}
    names = [f"n{number}" for number in range(1000)]
    answer_of(MODULE, nodes=names, state="drained", reason_b64="ZmFucw==")
    assert slurm.told == [(f"nodename={','.join(names)}", "state=drain", f"reason={OURS}fans")]
    answer = answer_of(MODULE, nodes=names, state="resumed")
    assert {each["result"] for each in answer["nodes"]} == {"resumed"}
    assert slurm.told[1:] == [
        (f"nodename={','.join(names)}", "state=undrain"),
        (f"nodename={','.join(names)}", "reason=provision: was drained: fans"),
    ]


def test_a_check_tells_slurmctld_nothing(slurm: Slurm) -> None:
    answer = asked(_ansible_check_mode=True)
    assert answer["nodes"][0]["told"]
    assert slurm.told == []


def test_waits_until_no_job_is_on_the_nodes(slurm: Slurm) -> None:
    job = ["17", "bld-008"]
    slurm.jobs = [[job], [job], []]
    assert asked(wait=60)["running"] == []
    slurm.jobs = [[job]]
    assert asked()["running"] == [job]


def test_a_refusal_of_slurmctld_is_said(slurm: Slurm) -> None:
    slurm.refuses = True
    assert "Access/permission denied" in asked()["msg"]


def test_a_slurmctld_that_has_just_started_hears_of_a_node_first(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses to end a drain of a node of which it knows nothing."""
    slurm.nodes["bld-008"] = ("UNKNOWN+DRAIN", f"{OURS}fans")
    looks = iter(range(3))

    def look(*command: str, **more: Any) -> tuple[int, str, str]:
        if "update" not in command and next(looks) == 2:
            slurm.nodes["bld-008"] = ("IDLE+DRAIN", f"{OURS}fans")
            monkeypatch.setattr(NODES, "run", slurm.run)
        return slurm.run(*command, **more)

    monkeypatch.setattr(NODES, "run", look)
    answer = asked("resumed")
    assert (answer["nodes"][0]["result"], answer["nodes"][0]["states"]) == ("resumed", ["IDLE"])


def test_of_whom_it_hears_nothing_is_named_and_nothing_is_touched(
    slurm: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "_HEARD_SECONDS", 0)
    slurm.nodes["bld-008"] = ("UNKNOWN+DRAIN", f"{OURS}fans")
    assert "heard nothing of bld-008 since its start" in asked("resumed")["msg"]
    assert slurm.told == []
    # Somebody else's drain is none to end, and to drain it needs no word of the node.
    slurm.nodes["bld-008"] = ("UNKNOWN+DRAIN", "fans")
    assert asked("resumed")["nodes"][0]["result"] == "kept"
    slurm.nodes["bld-008"] = ("UNKNOWN", "")
    assert asked()["nodes"][0]["result"] == "drained"
