"""The campaign's eyes on a cluster: a job that is lost is seen, and so is a process that a run left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.campaign.case import Broken
from tests.campaign.cluster import Cluster
from tests.campaign.full_disk import empty_blade, fill_blade
from tests.campaign.guests import attach, detached, end_guest, lost_guest, start_guest
from tests.campaign.incidents import OTHER_KEY
from tests.campaign.nodes import MARK, check_mark
from tests.campaign.promises import as_one, forgotten_drains
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


def test_a_job_with_a_step_is_not_lost_and_one_that_began_again_is(attacked: Cluster) -> None:
    guest = start_guest(attacked, attacked.targets[0])
    try:
        assert lost_guest(attacked, guest) == ""
        attacked.lab.ask(f"scontrol requeue {guest.number}")
        assert until(lambda: lost_guest(attacked, guest), 60)
    finally:
        end_guest(attacked, guest)


def test_a_step_that_is_gone_is_a_lost_one(attacked: Cluster) -> None:
    attach(attacked)
    assert detached(attacked) == ""
    attacked.lab.inside(attacked.keeper, "systemctl stop campaign-attached; systemctl reset-failed; true")
    assert "is gone" in detached(attacked)


def test_a_disk_is_full_for_a_while(attacked: Cluster) -> None:
    blade, lab = attacked.targets[0], attacked.lab
    write, kept = "head -c 65536 /dev/zero > /var/lib/provision/campaign", "sha256sum < /etc/munge/munge.key"
    key = lab.inside(blade, kept)
    fill_blade(attacked, blade)
    try:
        assert "No space left" in lab.tried(blade, write).text
        assert lab.inside(blade, kept) == key
        lab.inside(blade, "rm /var/lib/provision/campaign; mkdir /var/lib/provision/campaign")
    finally:
        empty_blade(attacked, blade)
    lab.inside(blade, "rmdir /var/lib/provision/campaign")
    lab.inside(blade, f"{write} && rm /var/lib/provision/campaign")
    assert lab.inside(blade, kept) == key
    assert "campaign-full" not in lab.inside(blade, "cat /proc/self/mounts")


def test_a_node_with_another_key_is_no_part_of_the_whole(attacked: Cluster) -> None:
    attacked.targets = attacked.lab.compute[:-1]
    blade, lab = attacked.targets[0], attacked.lab
    assert as_one(attacked, {}) == []
    lab.inside(blade, OTHER_KEY)
    assert "nodes have other keys than their controller" in as_one(attacked, {})
    assert lab.slurm(attacked.targets).code == 0
    assert as_one(attacked, {}) == []


def test_a_drain_of_ours_that_nobody_thinks_of_is_seen(attacked: Cluster) -> None:
    blade, lab = attacked.targets[0], attacked.lab
    update = f"scontrol update nodename={blade.lower()}"
    lab.ask(f"{update} state=drain reason='provision: drain: release (eve@desk)'")
    try:
        assert forgotten_drains(attacked) == f"{blade.lower()}: provision: drain: release (eve@desk)"
        assert forgotten_drains(attacked, blade) == ""
        lab.ask(f"{update} reason='fan, says the admin'")
        assert forgotten_drains(attacked) == ""
    finally:
        lab.ask(f"{update} state=resume")
    assert forgotten_drains(attacked) == ""


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
