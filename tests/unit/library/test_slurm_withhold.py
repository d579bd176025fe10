"""Nodes that lost hardware go out of work, and come back once a run has found all of it again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.library.modules import ansible_module, answer_of, shared

MODULE = ansible_module("slurm_withhold")
OWNER, DRAINS, NODES = shared("drain_owner"), shared("slurm_drains"), shared("slurm_nodes")
LOST = OWNER.LOST
SINCE = "2026-11-25T15:54:47"


def node(state: str, reason: str = "", by: str = "root") -> dict[str, Any]:
    return {"states": set(state.split("+")), "reason": reason, "by": by}


CASES = {
    "in use": (node("MIXED"), ["state=drain", f"reason={LOST}a disk"], True),
    "down": (node("DOWN", "Not responding"), ["state=drain", f"reason={LOST}a disk"], True),
    "withheld for it": (node("IDLE+DRAIN", f"{LOST}a disk"), [], False),
    "withheld for something else": (node("IDLE+DRAIN", f"{LOST}memory"), [f"reason={LOST}a disk"], False),
    "Slurm found more": (
        node("IDLE+DRAIN", f"{LOST}memory : Low RealMemory"),
        [f"reason={LOST}a disk : Low RealMemory"],
        False,
    ),
    "an admin's": (node("IDLE+DRAIN", "fans"), [], False),
    "of provision drain": (node("IDLE+DRAIN", f"{OWNER.OURS}fans (eve)"), [], False),
    "Slurm's": (node("IDLE+DRAIN", "Low RealMemory"), [], False),
    "unknown": (None, [], False),
}


@pytest.mark.parametrize("case", CASES)
def test_only_what_takes_jobs_is_drained(case: str) -> None:
    there, update, begins = CASES[case]
    assert OWNER.withhold(there, "a disk") == (update, begins)


@given(st.text(max_size=2000))
def test_a_reason_is_one_short_line_that_is_known_as_ours(words: str) -> None:
    (_, reason), _ = OWNER.withhold(node("IDLE"), words)
    text = reason.removeprefix("reason=")
    assert text.startswith(LOST)
    assert text.isprintable()
    assert " : " not in text
    assert len(text) <= len(LOST) + 300


def mended(reason: str, by: str = "root", state: str = "IDLE+DRAIN", whole: tuple[str, ...] = ("bld-008",)) -> bool:
    row = f"NodeName=bld-008 Version=22.05.8 State={state} Partitions=all Reason={reason} [{by}@{SINCE}]"
    found, _ = NODES.parse_nodes(row)
    answer: bool = DRAINS.mended("bld-008", found["bld-008"], {}, {}, whole)
    return answer


def test_it_is_over_only_where_this_run_found_all_hardware() -> None:
    assert mended(f"{LOST}a disk")
    assert not mended(f"{LOST}a disk", whole=())
    assert not mended(f"{LOST}a disk", by="alice")
    assert not mended(f"{LOST}a disk", state="DOWN+DRAIN")
    assert mended(f"{LOST}memory : Low RealMemory", by="slurm")
    assert not mended(f"{LOST}memory : Kill task failed", by="slurm")
    assert not mended("fans")


def test_the_reason_that_stays_is_nobodys_to_take_back() -> None:
    (undrain, reason) = OWNER.over(node("IDLE+DRAIN", f"{LOST}memory : Low RealMemory"))
    assert (undrain, reason) == (["state=undrain"], ["reason=provision: was drained: memory"])
    assert not OWNER.is_withheld(node("IDLE+DRAIN", reason[0].removeprefix("reason=")))


def test_a_note_says_how_it_ends() -> None:
    problems, notes = DRAINS.left("bld-008", node("IDLE+DRAIN", f"{LOST}a disk"), None, "resume")
    assert problems == []
    assert notes == [
        "a run drained it since it lost hardware (a disk); next: `provision slurm --nodes bld-008` once it is mended"
    ]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    asked: list[tuple[str, ...]] = []

    def run(*command: str, limit: float) -> tuple[int, str, str]:
        asked.append(command)
        return 0, "", ""

    monkeypatch.setattr(NODES, "run", run)
    monkeypatch.setattr(MODULE, "show_nodes", lambda: {"bld-008": node("IDLE"), "bld-011": node("IDLE+DRAIN", "fans")})
    return asked


def test_each_hears_what_it_lost(told: list[tuple[str, ...]]) -> None:
    said = answer_of(MODULE, lost={"bld-008": ["a disk", "a link"], "bld-011": ["memory"], "bld-012": ["memory"]})
    assert (said["changed"], said["drained"]) == (True, ["bld-008"])
    assert told == [("scontrol", "update", "nodename=bld-008", "state=drain", f"reason={LOST}a disk, a link")]


def test_a_check_tells_nothing(told: list[tuple[str, ...]]) -> None:
    said = answer_of(MODULE, lost={"bld-008": ["a disk"]}, _ansible_check_mode=True)
    assert (said["drained"], told) == (["bld-008"], [])


def test_without_slurmctld_only_a_check_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> None:
        raise RuntimeError("connect failure")

    monkeypatch.setattr(MODULE, "show_nodes", down)
    assert "slurmctld does not answer: connect failure" in answer_of(MODULE, lost={"bld-008": ["a disk"]})["msg"]
    assert answer_of(MODULE, lost={"bld-008": ["a disk"]}, _ansible_check_mode=True)["drained"] == []
