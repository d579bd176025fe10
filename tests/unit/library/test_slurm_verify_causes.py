"""Verification takes back what is mended, waits for its own jobs, and asks for the cause first."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.unit.library.modules import answer_of
from tests.unit.library.slurm_cluster import MUNGE, NODES, VERIFY, Play, node, verified, where


def test_a_job_of_ours_that_never_ends_is_no_work_of_the_node(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that only completes our own job would be called busy, and pass, for ever."""
    cluster = play(node("bld-008", "IDLE+COMPLETING"), node("bld-011"))
    cluster.queue = ["91 bld-008 provision:verify:dead:1:1"]
    found = verified("bld-008", "bld-011")["nodes"]
    assert found["bld-008"]["problems"] == ["a job of ours does not end on it"]
    assert cluster.jobs == [["bld-011"]]
    assert ("scancel", "--name=provision-verify", "--user=nobody", "91") in cluster.asked


@pytest.mark.parametrize(("room", "problem", "note"), [(0, True, False), (63, False, True), (64, False, False)])
def test_a_disk_without_room_is_told_before_slurm_drains_the_node(
    play: Play, room: int, problem: bool, note: bool
) -> None:
    cluster = play(node("bld-008"))
    found = answer_of(VERIFY, nodes=["bld-008"], timeout=0, room={"bld-008": room})["ansible_facts"]["slurm_verify"]
    report = found["nodes"]["bld-008"]
    assert report["problems"] == (["its disk is full where slurmd works: 0 MiB are free"] if problem else [])
    assert report["notes"] == (["only 63 MiB are free where slurmd works"] if note else [])
    assert cluster.jobs == ([] if problem else [["bld-008"]])


@pytest.mark.parametrize("theirs", ["", "92 bld-008"])
def test_a_node_is_busy_by_jobs_of_others_only(play: Play, theirs: str) -> None:
    """Slurm calls a node MIXED while our own job is stuck on it, too."""
    cluster = play(node("bld-008", "MIXED"))
    cluster.queue, cluster.others = ["91 bld-008 provision:verify:dead:1:1"], ["91 bld-008", theirs]
    report = verified("bld-008")["nodes"]["bld-008"]
    assert report["problems"] == ([] if theirs else ["a job of ours does not end on it"])
    assert report["notes"] == (["busy with jobs; none was added"] if theirs else [])


def test_a_drain_that_was_taken_back_is_news_and_the_node_is_proved(play: Play) -> None:
    cluster = play(node("bld-008", "IDLE+DRAIN", reason="Low TmpDisk"))

    def resume(command: tuple[str, ...]) -> None:
        if "state=resume" in command:
            cluster.nodes = [node("bld-008")]

    cluster.told = resume
    answer = answer_of(VERIFY, nodes=["bld-008"], prove=[], timeout=0, clear=True)
    report = answer["ansible_facts"]["slurm_verify"]["nodes"]["bld-008"]
    assert (report["problems"], report["notes"], report["job"]) == ([], [], True)
    assert report["news"] == ["Slurm's own drain (Low TmpDisk) was taken back, since its cause is gone"]
    assert cluster.jobs == [["bld-008"]]


def test_a_drain_that_slurm_makes_again_is_a_problem(play: Play) -> None:
    cluster = play(node("bld-008", "IDLE+DRAIN", reason="Low TmpDisk"))
    answer = answer_of(VERIFY, nodes=["bld-008"], timeout=0, clear=True)
    report = answer["ansible_facts"]["slurm_verify"]["nodes"]["bld-008"]
    assert "Slurm drained it again (Low TmpDisk)" in report["problems"]
    assert report["news"] == []
    assert cluster.jobs == []


@pytest.mark.parametrize("by", ["root", "mallory"])
def test_a_node_that_drains_itself_before_our_job_says_why(play: Play, by: str) -> None:
    """Its prolog may be the first to see it. Others' words are no cause."""
    cluster = play(node("bld-008"), node("bld-011"))
    cluster.stuck = {"bld-008"}
    drained = node("bld-008", "IDLE+DRAIN", reason="provision: job-tmp: /scratch is full", by=by)

    def drain(command: tuple[str, ...]) -> None:
        if command[0] == "srun":
            cluster.nodes = [drained, node("bld-011")]

    cluster.told = drain
    found = verified("bld-008", "bld-011")["nodes"]
    seen = {"root": "it takes no jobs by itself: /scratch is full"}.get(
        by, "a job does not run on it: srun: error: task 0 launch failed"
    )
    assert (found["bld-008"]["problems"], found["bld-011"]["problems"]) == ([seen], [])


def test_without_the_order_nothing_is_taken_back(play: Play) -> None:
    cluster = play(node("bld-008", "IDLE+DRAIN", reason="Low TmpDisk"))
    verified("bld-008")
    assert not [command for command in cluster.asked if "state=resume" in command]


def test_munge_on_the_controller_is_asked_first(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = play(node("bld-008"))
    monkeypatch.setattr(MUNGE, "run", lambda *command, **more: (6, "", "munge: Error: no socket"))
    answer = answer_of(VERIFY, nodes=["bld-008"], timeout=0)
    assert answer["msg"].startswith("munge does not run on the controller")
    assert cluster.asked == [("scontrol", "--version")], "which asks nobody"


def test_a_controller_without_slurm_has_no_cluster_yet(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    play(node("bld-008"))
    monkeypatch.setattr(VERIFY, "run", lambda *command, **more: (127, "", f"{command[0]}: No such file or directory"))
    answer = answer_of(VERIFY, nodes=["bld-008"], timeout=0)
    assert answer["msg"] == "it has no Slurm, so there is no cluster yet; next: `provision slurm` makes one"


def test_a_node_that_nobody_asked_for_and_slurm_does_not_know_was_not_looked_at(play: Play) -> None:
    play(node("bld-008"))
    answer = answer_of(VERIFY, nodes=["bld-008", "bld-011"], timeout=0, strangers=False)
    report = answer["ansible_facts"]["slurm_verify"]["nodes"]
    assert report["bld-011"] == {
        "problems": [],
        "notes": [],
        "news": [],
        "job": False,
        "alive": True,
        "unseen": "it is not a member of the cluster yet",
    }
    assert report["bld-008"]["unseen"] == ""


def test_a_node_that_answers_nobody_is_not_asked_itself(play: Play) -> None:
    cluster = play(node("bld-008"), node("bld-011"))
    cluster.closed = cluster.off = {"bld-011"}
    found = verified("bld-008", "bld-011")["nodes"]
    assert (found["bld-011"]["problems"], found["bld-011"]["alive"]) == (["off"], False)
    assert found["bld-008"]["alive"]


def test_only_words_count_as_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel of a frozen machine takes connections for its programs."""
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as talker:
        plain, ports = socket.create_connection, iter([mute.getsockname()[1], talker.getsockname()[1]])
        monkeypatch.setattr(
            NODES.socket, "create_connection", lambda place, timeout: plain((place[0], next(ports)), timeout=3)
        )
        monkeypatch.setattr(NODES, "together", lambda question, names: {name: question(name) for name in names})

        def greet() -> None:
            with talker.accept()[0] as connection:
                connection.sendall(b"SSH-2.0-x")

        greeter = threading.Thread(target=greet)
        greeter.start()
        nodes = {name: {"address": "127.0.0.1"} for name in ("bld-008", "bld-011")}
        found = NODES.gone(["bld-008", "bld-011"], nodes)
        greeter.join(timeout=10)
    assert list(found) == ["bld-008"]
    assert "it answers nobody" in found["bld-008"]


@pytest.mark.parametrize(
    ("scratch", "words"),
    [("unmounted", "is not mounted"), ("forbidden", "does not let everybody write"), ("read-only", "is read-only")],
)
def test_what_is_wrong_with_scratch_is_named(play: Play, scratch: str, words: str) -> None:
    cluster = play(node("bld-008"))
    cluster.scratch = {"bld-008": scratch}
    (problem,) = verified("bld-008", scratch={"bld-008": "/scratch"})["nodes"]["bld-008"]["problems"]
    assert words in problem


def test_a_full_scratch_is_only_noted(play: Play) -> None:
    cluster = play(node("bld-008"))
    cluster.scratch = {"bld-008": "full"}
    report = verified("bld-008", scratch={"bld-008": "/scratch"})["nodes"]["bld-008"]
    assert report["problems"] == []
    assert report["notes"] == ["its scratch is full; nothing could be written there"]


def test_a_node_that_answers_again_gets_until_slurmctld_asks_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A blade that was frozen is well, and slurmctld hears of it with its next ping only."""
    cluster = play(node("bld-008", "IDLE*"), node("bld-011"))
    waited = []

    def wait_for(names: list[str], deadline: object, patience: float = 15) -> object:
        waited.append((names, patience))
        if names == ["bld-008"]:
            cluster.nodes = [node("bld-008"), node("bld-011")]
        return NODES.show_nodes()

    monkeypatch.setattr(VERIFY, "wait_for", wait_for)
    report = answer_of(VERIFY, nodes=["bld-008", "bld-011"], timeout=60)["ansible_facts"]["slurm_verify"]["nodes"]
    assert waited == [(["bld-008", "bld-011"], 15), (["bld-008"], NODES.NEXT_PING)]
    assert report["bld-008"]["problems"] == []
    assert cluster.jobs[0] == ["bld-008", "bld-011"]


def test_a_node_that_answers_nobody_is_not_waited_for(play: Play) -> None:
    cluster = play(node("bld-008", "IDLE*"), node("bld-011", "IDLE*"))
    cluster.closed, cluster.off = {"bld-008"}, {"bld-011"}
    assert NODES.back(["bld-008", "bld-011"], NODES.show_nodes()) == []


NO_PLACE = (1, "", "srun: error: Unable to allocate resources: Requested nodes are busy\n")


def test_a_node_that_others_wait_for_is_asked_again_once_backfill_has_looked(play: Play) -> None:
    cluster = play(node("bld-008"))
    cluster.others = ["41"]
    plain, said = cluster._srun, [NO_PLACE]
    cluster._srun = lambda command: said.pop() if said else plain(command)  # type: ignore[method-assign]
    assert verified("bld-008")["nodes"]["bld-008"]["problems"] == []
    assert (cluster.jobs, said) == ([["bld-008"]], [])


@pytest.mark.parametrize("state", ["IDLE+PLANNED", "ALLOCATED", "IDLE"])
def test_a_node_that_others_took_meanwhile_is_busy_and_does_not_fail(play: Play, state: str) -> None:
    """One that stays free and takes no job is a fault."""
    cluster = play(node("bld-008"), node("bld-011"))
    plain = cluster._srun

    def srun(command: tuple[str, ...]) -> tuple[int, str, str]:
        cluster.nodes[0] = node("bld-008", state)
        return NO_PLACE if "bld-008" in where(command) else plain(command)

    cluster._srun = srun  # type: ignore[method-assign]
    found = verified("bld-008", "bld-011")["nodes"]
    assert found["bld-011"]["problems"] == []
    if state == "IDLE":
        (problem,) = found["bld-008"]["problems"]
        assert "Requested nodes are busy" in problem
    else:
        assert (found["bld-008"]["problems"], found["bld-008"]["notes"]) == ([], ["busy with jobs; none was added"])
        assert not found["bld-008"]["job"]
