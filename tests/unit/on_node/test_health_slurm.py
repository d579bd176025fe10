"""What `scontrol show node` says of a node, in the forms of both releases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.on_node.health import slurm
from provisioner.on_node.health.slurm import parse, tell

SHOWN = """NodeName=bld-008 Arch=x86_64 CoresPerSocket=8
   CPUAlloc=0 CPUEfctv=16 CPUTot=16 CPULoad=0.38
   AvailableFeatures=medium,bay8
   NodeAddr=10.20.0.8 NodeHostName=bld-008 Version=22.05.8
   OS=Linux 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)
   RealMemory=31616 AllocMem=0 FreeMem=30011 Sockets=2 Boards=1
   MemSpecLimit=1024
   State={state} ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A
   Partitions=all,medium
   BootTime=2026-11-25T10:00:00 SlurmdStartTime=2026-11-25T10:00:20
   LastBusyTime=2026-11-25T10:00:24
   CapWatts=n/a
   CurrentWatts=0 AveWatts=0
{rest}
"""


@pytest.mark.parametrize(
    ("state", "rest", "found"),
    [
        ("IDLE", "", ({"IDLE"}, "")),
        ("IDLE+DRAIN", "   Reason=fan is loud [root@2026-11-25T15:54:47]", ({"IDLE", "DRAIN"}, "fan is loud")),
        ("IDLE*+DRAIN", "   Reason=x [slurm@2026-11-25T15:54:47]", ({"IDLE", "DRAIN"}, "x")),
        ("DOWN*+CLOUD+POWERED_DOWN", "", ({"DOWN", "CLOUD", "POWERED_DOWN"}, "")),
        ("MIXED+DRAIN", "   Reason=see [bay 4] [7001@Unknown]", ({"MIXED", "DRAIN"}, "see [bay 4]")),
        ("IDLE+DRAIN", "   Reason=nobody knows", ({"IDLE", "DRAIN"}, "nobody knows")),
        ("IDLE", "   Comment=Reason=no [root@2026-11-25T15:54:47]", ({"IDLE"}, "")),
    ],
)
def test_states_and_reason(state: str, rest: str, found: tuple[set[str], str]) -> None:
    assert parse(SHOWN.format(state=state, rest=rest)) == found


@pytest.mark.parametrize("text", ["", "Node bld-008 not found", "State=IDLE", "slurm_load_node error"])
def test_what_is_no_answer_has_no_states(text: str) -> None:
    assert parse(text) == (set(), "")


@given(st.text())
def test_any_answer_is_read(text: str) -> None:
    states, _ = parse(text)
    assert not states or "State=" in text


class Slurmctld:
    """What `scontrol` says, one state after another, and what it was told."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.told: list[str] = []

    def __call__(self, *words: str) -> tuple[int, str]:
        if words[0] == "update":
            self.told += words[2:]
            return 0, ""
        state = self.states.pop(0)
        return 0, SHOWN.format(state=state, rest="   Reason=provision: health: munge does not answer [root@Unknown]")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """/run of this node."""
    monkeypatch.setattr(slurm, "_WELL", str(tmp_path / "well"))
    monkeypatch.setattr(slurm, "_LOCK", str(tmp_path / "lock"))
    return tmp_path


def test_a_drain_of_ours_is_taken_back_once_the_node_is_not_away_any_more(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that boots for long is DOWN at its first look."""
    asked = Slurmctld("DOWN*+DRAIN", "IDLE+DRAIN")
    monkeypatch.setattr(slurm, "_scontrol", asked)
    assert tell("bld-008", "") == ""
    assert (asked.told, (run / "well").exists()) == ([], False)
    assert tell("bld-008", "") == ""
    assert "state=undrain" in asked.told
    assert (run / "well").exists()
    # Nobody is asked for a node that is well.
    assert tell("bld-008", "") == ""


def test_a_node_that_slurmctld_does_not_know_is_asked_for_again(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "_scontrol", lambda *words: (0, "No nodes in the system"))
    assert tell("bld-008", "") == ""
    assert not (run / "well").exists()
