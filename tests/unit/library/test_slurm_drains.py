"""Whose a drain is: Slurm's own words, author and moment decide together, and a person's stays."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.on_node.health.ownership import OURS
from tests.unit.library.modules import ansible_module, shared

ansible_module("slurm_verify")
DRAINS, NODES = shared("slurm_drains"), shared("slurm_nodes")
MEMORY = "Low RealMemory (reported:24105 < 95.00% of configured:30000)"
SINCE = "2026-11-25T15:54:47"


def row(reason: str, by: str = "slurm", state: str = "IDLE+DRAIN", version: str = "22.05.8") -> str:
    return (
        f"NodeName=bld-008 Arch=x86_64 NodeAddr=10.0.0.8 NodeHostName=bld-008 Version={version} "
        f"OS=Linux 6.1 #1 SMP  RealMemory=23616 State={state} Partitions=all Reason={reason} [{by}@{SINCE}]"
    )


def mended(text: str, before: str = "", room: int = 1000) -> bool:
    found, _ = NODES.parse_nodes(text)
    was, _ = NODES.parse_nodes(before)
    answer: bool = DRAINS.mended("bld-008", found["bld-008"], was, {"bld-008": room})
    return answer


@pytest.mark.parametrize(
    "reason",
    ["Low TmpDisk", MEMORY, f"{MEMORY}, Low TmpDisk", "Low socket*core*thread count, Low CPUs", "Low RealMemory",
     "gres/gpu type (a100) reported but not configured", "gres/gpu count reported lower than configured (0 < 2)",
     "CoreSpec differ", "Not responding",
     "gres/gpu:a100 count too low (1 < 2)", "gres/gpu count changed and jobs are using them (2 != 1)",
     f"{MEMORY} : Low RealMemory (reported:24105 < 95.00% of configured:48000)", f"Not responding : {MEMORY}",
     f"Low TmpDisk : {DRAINS.SPOOL_FULL}"],
)  # fmt: skip
def test_slurms_own_drain_is_mended_once_the_node_has_registered_right(reason: str) -> None:
    assert mended(row(reason))
    assert not mended(row(reason, state="IDLE+DRAIN+INVALID_REG"))
    assert not mended(row(reason, state="IDLE*+DRAIN"))
    assert not mended(row(reason, version=""))
    assert not mended(row(reason, state="IDLE"))


@pytest.mark.parametrize("by", ["root", "alice", "7001", ""])
@pytest.mark.parametrize("reason", ["Low TmpDisk", MEMORY, "Not responding", "fan is loud"])
def test_the_same_words_by_anybody_else_are_a_persons(reason: str, by: str) -> None:
    assert not mended(row(reason, by=by))


@pytest.mark.parametrize(
    "reason",
    ["fan is loud", "Low TmpDisk, and the fan", "see Low TmpDisk", "Kill task failed", "Prolog error", "Epilog error",
     "Duplicate jobid", "Node unexpectedly rebooted", "low tmpdisk", "", "fan is loud : Low TmpDisk",
     "Low TmpDisk : fan is loud", "Low TmpDisk : ", "Not responding : Prolog error"],
)  # fmt: skip
def test_what_registration_does_not_prove_stays(reason: str) -> None:
    assert not mended(row(reason))


def test_an_author_that_22_05_lost_is_known_from_before() -> None:
    assert mended(row("Low TmpDisk", by="root"), before=row("Low TmpDisk"))
    assert not mended(row("Low TmpDisk", by="root"), before=row("Low TmpDisk", by="root"))
    assert not mended(row("Low TmpDisk", by="root"), before=row(MEMORY))
    later = row("Low TmpDisk", by="root").replace(SINCE, "2026-11-25T16:00:00")
    assert not mended(later, before=row("Low TmpDisk")), "an admin has drained it since"


def test_a_full_disk_of_slurmd_is_mended_once_there_is_room() -> None:
    """slurmd says so of its own node, as root."""
    for by in ("root", "slurm"):
        assert mended(row(DRAINS.SPOOL_FULL, by=by))
        assert not mended(row(DRAINS.SPOOL_FULL, by=by), room=DRAINS.ROOM - 1)
    assert not mended(row(DRAINS.SPOOL_FULL, by="alice"))
    assert not mended(row(f"{DRAINS.SPOOL_FULL}, look at it", by="root"))


@pytest.mark.parametrize("by", ["root", "slurm"])
def test_a_full_disk_is_said_to_be_full(by: str) -> None:
    node = NODES.parse_nodes(row(DRAINS.SPOOL_FULL, by=by))[0]["bld-008"]
    for room, words in ((3, "works: 3 MiB are free (Slurm"), (None, "works (Slurm itself drained it: Slurmd")):
        (problem,), notes = DRAINS.left("bld-008", node, room, "release it")
        assert problem.startswith("its disk is full where slurmd ")
        assert words in problem
        assert notes == []


@pytest.mark.parametrize(
    "reason",
    ["Kill task failed", "Prolog error", "Epilog error", "Prolog/Epilog failure", "Job env setup error",
     "batch job complete failure", "Duplicate jobid", "Low CPUs", "Node unexpectedly rebooted", "Not responding",
     "switch_g_job_postfini failed", "ResumeTimeout reached", "reboot timed out", "CoreSpec differ",
     "gres/gpu count too low (0 < 2)", "Could not unpack gres data"],
)  # fmt: skip
def test_reasons_in_slurms_words_are_a_problem_whoever_is_their_author(reason: str) -> None:
    """slurmd and slurmstepd are root, and 22.05 makes root the author of what slurmctld itself found."""
    for by in ("root", "slurm"):
        problems, notes = DRAINS.left(
            "bld-008", NODES.parse_nodes(row(reason, by=by))[0]["bld-008"], 1000, "release it"
        )
        assert (len(problems), notes) == (1, [])
    problems, notes = DRAINS.left(
        "bld-008", NODES.parse_nodes(row(f"see {reason}", by="root"))[0]["bld-008"], 1000, "release it"
    )
    assert (problems, len(notes)) == ([], 1)


def test_a_node_that_is_down_comes_back_only_if_it_did_not_respond() -> None:
    assert mended(row("Not responding", state="DOWN"))
    assert not mended(row("Low TmpDisk", state="DOWN"))
    assert not mended(row("Not responding", state="DOWN*+NOT_RESPONDING"))


def test_only_what_slurmctld_took_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def run(*command: str, **more: Any) -> tuple[int, str, str]:
        asked.append(command)
        return int("bld-009" in command[2]), "", ""

    monkeypatch.setattr(DRAINS, "run", run)
    text = "\n".join(row("Low TmpDisk").replace("bld-008", name) for name in ("bld-008", "bld-009", "bld-010"))
    nodes, _ = NODES.parse_nodes(text.replace("NodeName=bld-010", "NodeName=bld-010 "))
    nodes["bld-010"]["by"] = "root"
    assert DRAINS.clear(["bld-008", "bld-009", "bld-010", "bld-011"], nodes, "", {}) == {"bld-008": "Low TmpDisk"}
    assert [command[2] for command in asked] == ["nodename=bld-008", "nodename=bld-009"]


def test_a_node_without_a_place_for_folders_of_jobs_is_a_problem_and_a_persons_words_are_not() -> None:
    def problems(reason: str, by: str) -> list[str]:
        found, _ = NODES.parse_nodes(row(reason, by=by))
        told: list[str] = DRAINS.left("bld-008", found["bld-008"], None, "resume")[0]
        return told

    words = "its scratch is not mounted at /scratch"
    assert problems(f"{DRAINS.ITSELF}{words}", "root") == [f"it takes no jobs by itself: {words}"]
    assert problems(f"{DRAINS.ITSELF}{words}", "alice") == problems(f"fans, {DRAINS.ITSELF}", "root") == []


def test_a_node_that_is_ill_is_a_problem_and_a_persons_words_are_not() -> None:
    def problems(reason: str, by: str) -> list[str]:
        found, _ = NODES.parse_nodes(row(reason, by=by))
        told: list[str] = DRAINS.left("bld-008", found["bld-008"], None, "resume")[0]
        return told

    words = "its clock is 90 s off"
    ill = f"its health check lets it take no jobs: {words}"
    assert problems(f"{DRAINS.ILL}{words}", "root") == problems(f"{DRAINS.ILL}{words}", "slurm") == [ill]
    assert problems(f"{DRAINS.ILL}{words}", "alice") == problems(f"fans, {DRAINS.ILL}", "root") == []


def test_the_program_that_drains_an_ill_node_begins_as_it_is_known() -> None:
    assert DRAINS.ILL == OURS


def test_a_drain_of_ours_says_how_it_ends() -> None:
    node = NODES.parse_nodes(row("provision: drain: fans (eve)", by="root"))[0]["bld-008"]
    problems, notes = DRAINS.left("bld-008", node, None, "release it")
    assert problems == []
    assert notes == ["drained by `provision drain` (fans (eve)), left so; give it back with `provision resume bld-008`"]


@pytest.mark.parametrize(
    ("lost", "step"),
    [
        ("CPUs 32 -> 16", "`provision slurm --nodes bld-008` once it is mended"),
        ("another board: serial CZ1 -> CZ2", "`provision replace bld-008`"),
    ],
)
def test_a_drain_for_hardware_says_how_it_ends(lost: str, step: str) -> None:
    node = NODES.parse_nodes(row(f"provision: hardware: {lost}", by="root"))[0]["bld-008"]
    assert DRAINS.owner(node) == "hardware"
    assert DRAINS.left("bld-008", node, None, "release it") == (
        [],
        [f"a run drained it since it lost hardware ({lost}); next: {step}"],
    )


@pytest.mark.parametrize("later", ["", " : Low CPUs"])
def test_a_drain_of_a_rolling_run_is_that_run_s(later: str) -> None:
    reason = f"provision: rolling: 20261127T010203Z-1 change: upgrade{later}"
    found, _ = NODES.parse_nodes(row(reason, "slurm" if later else "root"))
    node = found["bld-008"]
    assert DRAINS.owner(node) == "rolling run"
    problems, (note,) = DRAINS.left("bld-008", node, None, "resume")
    assert problems == []
    assert "finish it with `provision slurm --rolling --nodes bld-008`" in note
    assert not mended(row(reason, "slurm"))
