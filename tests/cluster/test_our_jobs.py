"""Jobs of our own verification never stand in the way, jobs of users that look like them are the users'."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.cluster.background import background
from tests.cluster.deep import kill_module
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

# Process 1 began at another time: the verification that this comment names is long dead.
COMMENT = "provision:verify:dead:1:1"
JOB = f"sbatch --parsable --chdir=/ --output=/dev/null --job-name=provision-verify --comment={COMMENT} --time=60"
USER = "useradd --uid 7001 alice 2>/dev/null; true"


def submit(lab: Lab, account: str, blade: str) -> str:
    """A job that looks like ours, of an account, running on a blade; its id."""
    for each in (lab.controller, *lab.compute):
        lab.inside(each, USER)
    words = f"{JOB} --nodelist={blade.lower()} --wrap='sleep 600'"
    drop = f"setpriv --reuid={account} --regid=$(id -g {account}) --clear-groups"
    number = lab.ask(f'cd /; {drop} sh -c "{words}"')
    assert until(lambda: state(lab, number) == "RUNNING", 30), state(lab, number)
    return number


def state(lab: Lab, number: str) -> str:
    """The state of a job, '' once it is gone."""
    return lab.ask(f"squeue --noheader --job={number} --format=%T 2>/dev/null; true")


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A free member, free again afterwards."""
    chosen = cluster.compute[1]
    yield chosen
    cluster.ask("scancel --user=alice; scancel --user=nobody; true")
    assert cluster.state(chosen, "idle", 60) == "idle"


def test_a_job_that_was_left_behind_is_cancelled_and_the_node_is_proved(cluster: Lab, blade: str) -> None:
    number = submit(cluster, "nobody", blade)
    said = cluster.provision("verify", f"--nodes={blade}", "--json")
    assert said.code == 0, said.text
    assert blade in said.json["verified"]
    assert "a job on it" in said.json["verified"]
    assert state(cluster, number) == ""


def test_a_users_job_of_that_name_is_the_users(cluster: Lab, blade: str) -> None:
    number = submit(cluster, "alice", blade)
    said = cluster.provision("verify", f"--nodes={blade}", "--json")
    assert said.code == 0, said.text
    assert said.json["blades"][blade]["notes"] == ["busy with jobs; none was added"]
    forget = cluster.slurm([cluster.controller], f"--forget={blade}")
    assert forget.code == 1, forget.text
    # Its user named the blade: it can begin nowhere else.
    assert f"the change would end jobs {number}" in forget.failure(cluster.controller)
    assert state(cluster, number) == "RUNNING"


def test_our_job_does_not_keep_a_node_in_the_cluster(cluster: Lab, blade: str) -> None:
    submit(cluster, "nobody", blade)
    try:
        said = cluster.slurm([cluster.controller], f"--forget={blade}")
        assert said.code == 0, said.text
        assert blade not in cluster.states()
    finally:
        assert cluster.slurm([blade]).code == 0


def test_a_verification_that_was_killed_leaves_nothing_that_the_next_one_minds(cluster: Lab, blade: str) -> None:
    ours = "squeue --noheader --name=provision-verify --user=nobody --format=%A"
    assert until(lambda: cluster.inside(blade, "pgrep -x slurmstepd; true") == "", 60)
    # slurmd answers, so a job is sent there; it does not get on.
    cluster.inside(blade, "(until pkill -STOP -x slurmstepd; do sleep 0.02; done) > /dev/null 2>&1 &")
    try:
        with background(cluster, "verify", f"--nodes={','.join(cluster.compute)}") as run:
            run.reaches(lambda: cluster.inside(blade, "ps -o stat= -C slurmstepd; true").startswith("T"))
            # Neither can clean up; srun may have given up by now.
            kill_module(cluster, "nobody")
            cluster.ask("pkill -KILL -x srun; true")
            run.stop(signal.SIGKILL)
        assert cluster.ask(ours) != "", "nothing was left behind"
    finally:
        cluster.inside(blade, "pkill -CONT -x slurmstepd; true")
    assert until(lambda: cluster.provision("verify", f"--nodes={','.join(cluster.compute)}").code == 0, 120)
    assert cluster.ask(ours) == ""


def test_two_verifications_at_the_same_time_both_prove_the_nodes(cluster: Lab) -> None:
    nodes = f"--nodes={','.join(cluster.compute)}"
    with background(cluster, "verify", nodes) as first:
        second = cluster.provision("verify", nodes)
        assert second.code in (0, 4), second.text
        assert first.process.wait(timeout=120) == 0, first.text
