"""Daemons of Slurm 24.11 are other processes after each reconfigure; those that systemd loses sight of come back."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from provisioner.lab.settings import container_name
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

# How often systemd starts the daemon anew; those of 22.05 stay the processes that they are.
COMES_BACK = {"bookworm": 0, "trixie": 1}
# Timers of the node sleep now and then, too.
OF_THE_JOB = "pgrep --exact --full 'sleep 600'"


@contextmanager
def busy_systemd(lab: Lab, blade: str) -> Iterator[None]:
    """systemd of the blade does nothing for a while, as on a machine that is all too busy."""
    form = ["podman", "inspect", "--format", "{{.State.Pid}}", container_name(lab.name, blade)]
    systemd = int(subprocess.run(form, check=True, capture_output=True, text=True).stdout)
    os.kill(systemd, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(systemd, signal.SIGCONT)


def processes(lab: Lab, blade: str, name: str) -> str:
    """The processes of a daemon, without what it started itself and those that nobody has buried yet."""
    return lab.inside(blade, f"ps -C {name} -o pid=,ppid=,stat= | awk '$2 == 1 && $3 !~ /Z/ {{ print $1 }}'")


def restarts(lab: Lab, blade: str, name: str) -> int:
    """How often systemd has started the daemon anew by itself."""
    return int(lab.inside(blade, f"systemctl show --property=NRestarts --value {name}"))


def begin_anew(lab: Lab, blade: str, name: str) -> None:
    """A reconfigure; in 24.11 another process takes over."""
    before = processes(lab, blade, name)
    lab.inside(blade, f"kill -HUP {before}")
    if COMES_BACK[lab.release]:
        assert until(lambda: processes(lab, blade, name) not in ("", before), 30)
        assert until(lambda: "\n" not in processes(lab, blade, name), 30)


@pytest.mark.parametrize("name", ["slurmd", "slurmctld"])
def test_a_daemon_that_systemd_lost_sight_of_comes_back_and_jobs_stay(cluster: Lab, name: str) -> None:
    node = cluster.compute[0]
    blade = node if name == "slurmd" else cluster.controller
    words = f"--parsable --chdir=/ --output=/dev/null --mem=64 --nodelist={node.lower()}"
    job = cluster.ask(f"runuser -u nobody -- sbatch {words} --wrap='sleep 600'")
    try:
        assert until(lambda: cluster.inside(node, f"{OF_THE_JOB}; true"), 30)
        sleeps, before = cluster.inside(node, OF_THE_JOB), restarts(cluster, blade, name)
        with busy_systemd(cluster, blade):
            for _ in range(2):
                begin_anew(cluster, blade, name)
        assert until(lambda: restarts(cluster, blade, name) == before + COMES_BACK[cluster.release], 60)

        def known() -> str:
            return cluster.inside(blade, f"systemctl show --property=MainPID --value {name}")

        assert until(lambda: known() == processes(cluster, blade, name), 60)
        assert until(lambda: "is UP" in cluster.ask("scontrol ping; true"), 60)
        assert cluster.inside(node, OF_THE_JOB) == sleeps
        assert "Restarts=0" in cluster.ask(f"scontrol show job {job}")
        said = cluster.slurm([node])
        assert said.code == 0, said.text
        assert said.json["changed"] == 0, said.text
    finally:
        cluster.ask(f"scancel {job}")
        assert cluster.state(node, "idle", 60) == "idle"
