"""The module's judgement over what Slurm's commands print; the commands themselves are played."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import answer_of
from tests.unit.library.slurm_cluster import COMMANDS, JOBS, NODES, PROOF, VERIFY, Cluster, Play, node, verified, where


def test_one_job_spans_all_nodes(play: Play) -> None:
    cluster = play(node("bld-008"), node("bld-011"), node("bld-012"))
    found = verified("bld-008", "bld-011")
    assert cluster.jobs == [["bld-008", "bld-011"]]
    assert found["job_width"] == 2
    fine = {"problems": [], "notes": [], "news": [], "job": True, "alive": True, "unseen": ""}
    assert found["nodes"] == dict.fromkeys(("bld-008", "bld-011"), fine)


def test_nodes_that_need_no_proof_get_no_job(play: Play) -> None:
    """They are asked all the same: a node that is down is found, a busy one is no news."""
    cluster = play(node("bld-008"), node("bld-011", "MIXED"), node("bld-012", "DOWN", reason="fan"))
    found = verified("bld-008", "bld-011", "bld-012", prove=[])["nodes"]
    assert cluster.jobs == []
    assert (
        found["bld-008"]
        == found["bld-011"]
        == {"problems": [], "notes": [], "news": [], "job": False, "alive": True, "unseen": ""}
    )
    assert found["bld-012"]["problems"] == ["its state is DOWN (fan)"]
    verified("bld-008", "bld-011", prove=["bld-008"])
    assert cluster.jobs == [["bld-008"]]


BAD = {
    "not a member": (node("bld-011"), "slurmctld does not know it"),
    "silent": (node("bld-008", "DOWN*+NOT_RESPONDING", reason="Not responding"), "no answer from its slurmd"),
    "silent, idle": (node("bld-008", "IDLE*"), "no answer from its slurmd"),
    "down": (node("bld-008", "DOWN", reason="Node unexpectedly rebooted"), "its state is DOWN (Node unexpectedly"),
    "too little memory": (
        node("bld-008", "IDLE+DRAIN+INVALID_REG", reason="Low RealMemory (reported:24105 < 95.00%)"),
        "its state is DRAIN+IDLE+INVALID_REG (Low RealMemory",
    ),
    "never registered": (node("bld-008", version=""), "its slurmd has not registered"),
    "unknown": (node("bld-008", "UNKNOWN"), "its state is UNKNOWN"),
    "other version": (node("bld-008", version="24.11.5"), "its slurmd is 24.11.5, the controller 22.05.8"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_node_that_does_not_work_is_named(play: Play, case: str) -> None:
    line, words = BAD[case]
    cluster = play(line)
    (problem,) = verified("bld-008")["nodes"]["bld-008"]["problems"]
    assert words in problem
    assert cluster.jobs == []


def test_a_node_whose_slurmd_is_gone_gets_no_job(play: Play) -> None:
    """slurmctld itself notices only minutes later, and a job sent there would hang."""
    cluster = play(node("bld-008"), node("bld-011"))
    cluster.closed = {"bld-011"}
    found = verified("bld-008", "bld-011")
    assert found["nodes"]["bld-011"]["problems"] == ["its slurmd does not answer on its port"]
    assert found["nodes"]["bld-008"]["problems"] == []
    assert cluster.jobs == [["bld-008"]]


def test_silent_is_who_takes_no_connection_or_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel takes connections for a slurmd that is stopped."""
    monkeypatch.setattr(NODES, "MUTE_SECONDS", 3)
    with socket.create_server(("127.0.0.1", 0)) as talker, socket.create_server(("127.0.0.1", 0)) as mute:
        with socket.create_server(("127.0.0.1", 0)) as closed_server:
            closed = closed_server.getsockname()[1]
        slurmd = threading.Thread(target=lambda: talker.accept()[0].close())
        slurmd.start()
        ports = {"bld-008": talker.getsockname()[1], "bld-011": closed, "bld-012": mute.getsockname()[1]}
        nodes = {name: {"address": "127.0.0.1", "port": port} for name, port in ports.items()}
        found = NODES.silent(list(nodes), nodes)
        slurmd.join(timeout=10)
    assert found == {"bld-011": NODES.DEAF, "bld-012": NODES.MUTE}


@pytest.mark.parametrize("state", ["MIXED", "ALLOCATED", "IDLE+COMPLETING", "IDLE+RESERVED", "MIXED+PLANNED"])
def test_a_busy_node_is_not_disturbed(play: Play, state: str) -> None:
    cluster = play(node("bld-008", state))
    report = verified("bld-008")["nodes"]["bld-008"]
    assert report == {
        "problems": [],
        "notes": ["busy with jobs; none was added"],
        "news": [],
        "job": False,
        "alive": True,
        "unseen": "",
    }
    assert cluster.jobs == []


def test_an_admins_drain_is_left_alone(play: Play) -> None:
    cluster = play(node("bld-008", "IDLE+DRAIN", reason="fan is loud", by="root"))
    report = verified("bld-008")["nodes"]["bld-008"]
    assert report["problems"] == []
    assert report["notes"][0].startswith("drained (fan is loud), left so")
    assert cluster.jobs == []


def test_a_drain_by_slurm_itself_is_a_problem(play: Play) -> None:
    play(node("bld-008", "IDLE+DRAIN", reason="Low RealMemory (reported:8000 < 95.00% of configured:16000)"))
    (problem,) = verified("bld-008")["nodes"]["bld-008"]["problems"]
    assert problem.startswith("Slurm itself drained it (Low RealMemory (reported:8000 < 95.00% of configured:16000))")
    assert "scontrol update nodename=bld-008 state=resume" in problem


def test_one_bad_node_is_named_and_the_others_are_fine(play: Play) -> None:
    cluster = play(node("bld-008"), node("bld-011"))
    cluster.stuck = {"bld-011"}
    found = verified("bld-008", "bld-011")
    assert found["nodes"]["bld-008"]["problems"] == []
    (problem,) = found["nodes"]["bld-011"]["problems"]
    assert problem == "a job does not run on it: srun: error: task 0 launch failed"
    assert cluster.jobs[0] == ["bld-008", "bld-011"]
    assert sorted(cluster.jobs[1:]) == [["bld-008"], ["bld-011"]]


def test_nodes_are_asked_one_by_one_at_the_same_time(play: Play) -> None:
    """The barrier opens only when all jobs have started."""
    cluster = play(node("bld-008"), node("bld-011"), node("bld-012"))
    together, names = threading.Barrier(2), set()
    plain = cluster._srun

    def srun(command: tuple[str, ...]) -> tuple[int, str, str]:
        if "," in where(command):
            return 1, "", "srun: error"
        if where(command) != "bld-012":
            together.wait(timeout=10)
        names.add(where(command))
        return plain(command)

    cluster._srun = srun  # type: ignore[method-assign]
    verified("bld-008", "bld-011", "bld-012")
    assert len(names) == 3


def test_a_span_that_fails_only_together_is_reported(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = play(node("bld-008"), node("bld-011"))
    single = cluster._srun
    monkeypatch.setattr(
        cluster, "_srun", lambda command: (1, "", "srun: error: no route") if "," in where(command) else single(command)
    )
    (problem,) = verified("bld-008", "bld-011")["nodes"]["bld-008"]["problems"]
    assert problem == "one job over all nodes does not run: srun: error: no route"


def test_munge_is_proved_both_ways(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = play(node("bld-008"))
    cluster.deaf = {"bld-008"}
    assert verified("bld-008")["nodes"]["bld-008"]["problems"] == [
        "it does not accept the controller's munge credential"
    ]
    cluster.deaf = set()
    monkeypatch.setattr(PROOF, "run", lambda *command, **more: _refusing(cluster, *command, **more))
    assert verified("bld-008")["nodes"]["bld-008"]["problems"] == [
        "the controller does not accept its munge credential"
    ]


def _refusing(cluster: Cluster, *command: str, **more: Any) -> tuple[int, str, str]:
    return (2, "", "unmunge: Error: Expired credential") if command[0] == "unmunge" else cluster.run(*command, **more)


def test_scratch_is_asked_for_only_where_there_is_one(play: Play) -> None:
    cluster = play(node("bld-008"), node("bld-011"))
    cluster.scratch = {"bld-008": "ok", "bld-011": "bad"}
    found = verified("bld-008", "bld-011", scratch={"bld-008": "/scratch", "bld-011": "/scratch"})["nodes"]
    assert found["bld-008"]["problems"] == []
    assert found["bld-011"]["problems"] == ["a job cannot write to its scratch"]
    assert verified("bld-011")["nodes"]["bld-011"]["problems"] == []


def test_a_controller_that_is_down_is_one_sentence(play: Play) -> None:
    cluster = play()
    cluster.up = False
    answer = answer_of(VERIFY, nodes=["bld-008"], timeout=0)
    assert answer["failed"]
    assert answer["msg"].startswith("slurmctld does not answer: slurm_load_node error: Unable to contact")
    assert "; next: " in answer["msg"]


def test_a_command_that_hangs_is_given_up() -> None:
    answer = COMMANDS.run("tail", "-f", "/dev/null", limit=0.1)
    assert answer == (124, "", "tail did not end within 0.1 s")


def test_the_job_script_is_valid_shell() -> None:
    code, _, words = COMMANDS.run("sh", "-n", "-c", JOBS.JOB)
    assert (code, words) == (0, "")


def test_scratch_that_waits_is_not_asked_for(tmp_path: Path) -> None:
    registry = tmp_path / "nodes.json"
    wanted = {"bld-001": "/scratch", "bld-002": "/scratch", "bld-003": "/scratch"}
    assert VERIFY.having(wanted, str(registry)) == wanted, "without a registry nothing is known"
    records = {name: {"hardware": {"scratch_mib": size}} for name, size in (("bld-001", 5), ("bld-002", 0))}
    registry.write_text(json.dumps({"nodes": records}))
    assert VERIFY.having(wanted, str(registry)).keys() == {"bld-001", "bld-003"}
