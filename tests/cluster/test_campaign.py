"""The campaign's eyes on a cluster: a job that is lost is seen, and so is a process that a run left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.campaign.case import Broken
from tests.campaign.cluster import Cluster
from tests.campaign.nodes import MARK, check_mark
from tests.campaign.terminal import on_terminal
from tests.cluster.labs import Lab
from tests.cluster.waiting import until


@pytest.fixture
def attacked(cluster: Lab) -> Iterator[Cluster]:
    """The cluster of these tests with the job of the campaign; the job is gone afterwards."""
    made = Cluster(cluster, cluster.compute[:1], cluster.compute[-1])
    made.start_job()
    yield made
    cluster.ask("scancel --user=provision; true")
    assert until(lambda: cluster.ask("squeue --noheader") == "", 60)


def test_a_job_that_runs_is_not_lost(attacked: Cluster) -> None:
    assert attacked.lost_job() == ""


def test_a_process_that_died_is_a_lost_job(attacked: Cluster) -> None:
    attacked.lab.inside(attacked.keeper, "pkill -KILL -x sleep")
    assert "it is gone" in attacked.lost_job()


def test_a_job_that_was_requeued_is_lost(attacked: Cluster) -> None:
    assert attacked.job is not None
    attacked.lab.ask(f"scontrol requeue {attacked.job.number}")
    assert attacked.lost_job() != ""


def test_what_slurm_forgot_is_a_lost_job(attacked: Cluster) -> None:
    assert attacked.job is not None
    attacked.job = type(attacked.job)("999999", attacked.job.process)
    assert "Slurm says" in attacked.lost_job()


def test_what_was_run_for_somebody_is_seen(attacked: Cluster) -> None:
    check_mark(attacked)
    attacked.lab.inside(attacked.keeper, f"touch {MARK}")
    try:
        with pytest.raises(Broken, match=attacked.keeper):
            check_mark(attacked)
    finally:
        attacked.lab.inside(attacked.keeper, f"rm {MARK}")


def test_a_run_on_a_terminal_is_watched(attacked: Cluster) -> None:
    with on_terminal(attacked.lab, "slurm", f"--nodes={attacked.targets[0]}") as run:
        assert until(lambda: run.processes("ansible-playbook"), 60)
        assert run.strays() != []
        run.stop(signal.SIGINT)
        assert "stopped" in run.text
        assert until(lambda: run.strays() == [], 10), run.strays()
