"""Runs that are stopped, killed or started twice leave nothing that the next run cannot mend."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.cluster.background import Background, background, children, processes
from tests.cluster.labs import Lab
from tests.cluster.size import WHOLE_ENCLOSURE
from tests.cluster.waiting import until

# Points of a run over a virgin blade; dpkg at work and slurmctld about to change hurt most.
POINTS = ["Preflight", "Prepare", "apt at work", "Scratch", "Controller", "Compute", "Verify"]
STOPPED = POINTS if WHOLE_ENCLOSURE else ["apt at work", "Compute"]
KILLED = POINTS if WHOLE_ENCLOSURE else ["Controller"]


def _reach(lab: Lab, blade: str, run: Background, point: str) -> None:
    if point == "apt at work":
        run.reaches(lambda: bool(lab.inside(blade, "pgrep -x dpkg || true")))
    else:
        run.reaches(lambda: f"== {point}" in run.text)


def _heals(lab: Lab, blade: str) -> None:
    said = lab.slurm([blade])
    assert said.code == 0, said.text
    assert lab.state(blade, "idle") == "idle"
    again = lab.slurm([blade])
    assert (again.code, again.json["changed"]) == (0, 0), again.text
    assert lab.inside(blade, "dpkg --audit") == ""


@pytest.mark.parametrize("point", STOPPED)
def test_ctrl_c_leaves_no_process_and_the_next_run_converges(cluster: Lab, virgin: str, point: str) -> None:
    with background(cluster, "slurm", f"--nodes={virgin}") as run:
        _reach(cluster, virgin, run, point)
        code = run.stop(signal.SIGINT)
        assert code == 130, run.text
        assert "Traceback" not in run.text
        assert "stopping: " in run.text, "it was heard"
        assert "next: run it again" in run.text
        assert until(lambda: run.strays() == [], 10), run.strays()
        assert list(run.temporary.iterdir()) == [], "temporary files stay"
    _heals(cluster, virgin)


@pytest.mark.parametrize("point", KILLED)
def test_a_killed_run_is_mended_by_the_next(cluster: Lab, virgin: str, point: str) -> None:
    with background(cluster, "slurm", f"--nodes={virgin}") as run:
        _reach(cluster, virgin, run, point)
        run.stop(signal.SIGKILL)
        # The very next command, without waiting: it ends what is left here before it touches anything.
        _heals(cluster, virgin)
        assert run.strays() == []
        assert list(run.temporary.iterdir()) == [], "the environment of the run stays"


def test_what_a_dead_run_left_at_work_is_waited_for(cluster: Lab) -> None:
    """On a blade the work of a dead run goes on, or ends with its connection, as sudo and sshd there have it."""
    blade = cluster.compute[0]
    left = "PROVISION_RUN=20261125T000000Z-1 setsid --fork sleep {} >/dev/null 2>&1"
    cluster.inside(blade, left.format(600))
    looked = cluster.slurm([blade], "--check")
    assert looked.code == 0, looked.text
    assert cluster.inside(blade, "pgrep -x sleep"), "who only looks does not wait"
    cluster.inside(blade, f"pkill -x sleep; {left.format(30)}")
    said = cluster.slurm([blade])
    assert (said.code, said.json["changed"]) == (0, 0), said.text
    (note,) = said.json["blades"][blade]["notes"]
    assert note.startswith("waited ")
    assert "for sleep, which a run that died had left at work" in note
    again = cluster.slurm([blade])
    assert again.json["blades"][blade]["notes"] == []
    assert again.json["blades"][blade]["modules"] == 1, "a blade without remains pays nothing"


def test_apt_of_a_dead_run_spoils_nothing(cluster: Lab, virgin: str) -> None:
    with background(cluster, "slurm", f"--nodes={virgin}") as run:
        _reach(cluster, virgin, run, "apt at work")
        run.stop(signal.SIGKILL)
        said = cluster.slurm([virgin])
        assert said.code == 0, said.text
    assert cluster.inside(virgin, "dpkg --audit") == ""


def _end_twice(run: Background) -> None:
    os.killpg(run.process.pid, signal.SIGINT)
    os.killpg(run.process.pid, signal.SIGINT)


ENDS: dict[str, Callable[[Background], None]] = {
    "second Ctrl-C": _end_twice,
    "KILL of provision": lambda run: os.kill(run.process.pid, signal.SIGKILL),
    "KILL of the group": lambda run: os.killpg(run.process.pid, signal.SIGKILL),
    "TERM": lambda run: os.kill(run.process.pid, signal.SIGTERM),
    "HUP": lambda run: os.killpg(run.process.pid, signal.SIGHUP),
    "Ctrl-C": lambda run: os.killpg(run.process.pid, signal.SIGINT),
}


@pytest.mark.parametrize("point", ["Preflight", "Prepare", "Verify"] if WHOLE_ENCLOSURE else ["Prepare"])
@pytest.mark.parametrize("end", ENDS)
def test_however_a_run_ends_nothing_of_it_works_on_here(cluster: Lab, end: str, point: str) -> None:
    """No process in any session, no file, and the terminal has its cursor."""
    with background(cluster, "slurm", "--full", f"--nodes={cluster.compute[0]}", terminal=True) as run:
        run.reaches(lambda: point in run.text)
        assert not run.shows_cursor()
        ENDS[end](run)
        run.process.wait(timeout=30)
        assert until(lambda: run.strays() == [], 10), run.strays()
        assert list(run.temporary.iterdir()) == []
        assert until(run.shows_cursor, 5), run.text[-200:]
        assert "Traceback" not in run.text
        holder = "pgrep -x provision-lock || true"
        assert until(lambda: cluster.ask(holder) == "", 5), "the lock of the cluster stays"
    said = cluster.slurm([cluster.compute[0]])
    assert said.code == 0, said.text


@pytest.mark.parametrize("verb", [("plan",), ("lab", "status"), ("inventory", "--list")], ids=" ".join)
def test_any_verb_ends_what_a_run_left_whose_guard_died_too(cluster: Lab, verb: tuple[str, ...]) -> None:
    """As after the kernel ran out of memory, or a person who killed all that has this name."""
    with background(cluster, "slurm", "--full", f"--nodes={cluster.compute[0]}") as run:
        run.reaches(lambda: "== Prepare" in run.text)
        guards = [each.pid for each in processes() if "provisioner.run.guard" in each.line]
        mine = [pid for pid in guards if pid in children(run.process.pid)]
        assert len(mine) == 1
        os.kill(mine[0], signal.SIGKILL)
        run.stop(signal.SIGKILL)
        assert run.strays(), "Ansible has no reason to end yet"
        said = cluster.provision(*verb, TMPDIR=str(run.temporary))
        assert said.code == 0, said.text
        assert "ended what a run that died had left at work" in said.err
        assert run.strays() == []
        assert list(run.temporary.iterdir()) == []


def test_sigterm_ends_a_run_as_ctrl_c_does(cluster: Lab) -> None:
    with background(cluster, "slurm", f"--nodes={cluster.compute[0]}") as run:
        run.reaches(lambda: "== Preflight" in run.text)
        assert run.stop(signal.SIGTERM) == 130
        assert until(lambda: run.strays() == [], 10), run.strays()
    said = cluster.slurm([cluster.compute[0]])
    assert said.code == 0, said.text


def test_a_second_run_at_the_same_time_is_turned_away(cluster: Lab) -> None:
    with background(cluster, "slurm", f"--nodes={cluster.compute[0]}", "--json") as run:
        run.reaches(lambda: any(run.temporary.iterdir()))
        second = cluster.provision("slurm", f"--nodes={cluster.compute[0]}")
        assert second.code == 4, second.text
        assert f"another run works on cluster {cluster.name}: 20" in second.text
        assert f"end its process {run.process.pid} here" in second.text
        assert "Traceback" not in second.text
        assert run.process.wait(timeout=300) == 0, run.text
        assert json.loads(run.text)["changed"] == 0
