"""Rows of scontrol: what a person or a node wrote into them is never read as another field or another node."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, shared

ansible_module("slurm_verify")
NODES = shared("slurm_nodes")
TAIL = "State={state} ThreadsPerCore=1 Partitions=all BootTime=2026-11-25T15:17:28"


def row(name: str = "bld-008", system: str = "Linux 6.1 #1 SMP", state: str = "IDLE", rest: str = "") -> str:
    head = f"NodeName={name} Arch=x86_64 CPUTot=2 NodeAddr=10.0.0.8 NodeHostName={name} Version=22.05.8 OS={system}"
    return f"{head}  RealMemory=23616 {TAIL.format(state=state)}{rest}"


def one(text: str) -> dict[str, Any]:
    found, doubtful = NODES.parse_nodes(text)
    assert (list(found), doubtful) == (["bld-008"], set())
    node: dict[str, Any] = found["bld-008"]
    return node


def test_a_row_is_read() -> None:
    found = one(row(state="IDLE*+DRAIN", rest=" Reason=fan is loud [root@2026-11-25T15:54:47]"))
    assert found == {
        "address": "10.0.0.8", "port": 6818, "states": {"IDLE*", "DRAIN"}, "silent": True,
        "version": "22.05.8", "reason": "fan is loud", "by": "root", "since": "2026-11-25T15:54:47",
        "partitions": ["all"], "boot": "2026-11-25T15:17:28",
    }  # fmt: skip


@pytest.mark.parametrize(
    "reason",
    ["State=DOWN", "x State=DOWN+DRAIN NodeName=bld-009 Version=9", "[slurm@2026-01-01T00:00:00]", "a [eth0] down",
     "Reason=Low TmpDisk [slurm@2026-01-01T00:00:00]"],
)  # fmt: skip
def test_a_reason_is_only_a_reason(reason: str) -> None:
    found = one(row(state="IDLE+DRAIN", rest=f" Reason={reason} [root@2026-11-25T15:54:47]"))
    assert found["states"] == {"IDLE", "DRAIN"}
    assert (found["version"], found["by"], found["reason"]) == ("22.05.8", "root", reason)


def test_what_a_node_says_of_its_system_is_no_field() -> None:
    found = one(row(system="Linux State=DOWN Version=9 NodeAddr=1.1.1.1 NodeName=bld-009", state="MIXED"))
    assert (found["states"], found["version"], found["address"]) == ({"MIXED"}, "22.05.8", "10.0.0.8")


@pytest.mark.parametrize("text", ["Comment=Reason=Low TmpDisk [slurm@2026-11-25T15:54:47]", "Extra=x State=DOWN"])
def test_a_comment_is_no_field(text: str) -> None:
    found = one(row(state="IDLE", rest=f" {text}"))
    assert (found["states"], found["by"]) == ({"IDLE"}, "")


def test_a_node_that_never_registered_has_no_version() -> None:
    found = one("NodeName=bld-008 CPUTot=2 NodeAddr=10.0.0.8 Port=7000 State=UNKNOWN* Partitions=all")
    assert (found["version"], found["port"], found["silent"]) == ("", 7000, True)


def test_a_line_break_in_a_reason_makes_no_other_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node of that name is asked by itself, where the first row is its own."""
    forged = row(state="IDLE+DRAIN", rest=f" Reason=x\n{row('bld-009', state='DOWN')} [root@2026-11-25T15:54:47]")
    own = row("bld-009", state="MIXED")

    def run(*command: str, **more: Any) -> tuple[int, str, str]:
        return 0, own if command[-1] == "bld-009" else f"{forged}\n{own}\n", ""

    monkeypatch.setattr(NODES, "run", run)
    assert NODES.show_nodes()["bld-009"]["states"] == {"MIXED"}


def test_slurmctld_gets_time_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([(1, "", "connect failure"), (1, "", "connect failure"), (0, row(), "")])
    monkeypatch.setattr(NODES, "run", lambda *command, **more: next(answers))
    assert "bld-008" in NODES.wait_for(["bld-008"], NODES.Deadline(30))


@pytest.mark.parametrize(
    ("troubled", "asked"),
    [([2, 2, 1, 1, 0], 5), ([2, 2, 2, 1, 0], 3), ([0], 1), ([2, 1, 2, 2, 0], 4)],
    ids=["becomes better", "stays as it is", "is fine", "becomes worse"],
)
def test_a_wait_goes_on_only_while_nodes_become_better(
    monkeypatch: pytest.MonkeyPatch, troubled: list[int], asked: int
) -> None:
    """Every answer takes ten seconds, and patience is for fifteen."""
    clock, answers = [0.0], iter(troubled)

    def run(*command: str, **more: Any) -> tuple[int, str, str]:
        bad = next(answers)
        clock[0] += 10
        return 0, "\n".join(row(f"bld-00{n}", state="DOWN" if n < bad else "IDLE") for n in range(3)), ""

    monkeypatch.setattr(NODES, "run", run)
    monkeypatch.setattr(NODES.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(NODES.time, "monotonic", lambda: clock[0])
    NODES.wait_for([f"bld-00{n}" for n in range(3)], NODES.Deadline(1000), patience=15)
    assert clock[0] == 10 * asked


def test_the_deadline_is_one_for_all_steps() -> None:
    deadline = NODES.Deadline(0)
    assert deadline.over()
    assert deadline.left(60) == 1.0
    assert NODES.Deadline(100).left(10) == 10
