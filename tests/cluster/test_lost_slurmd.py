"""slurmd of Slurm 24.11 is another process after each reconfigure; one that systemd does not know of is taken over."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from provisioner.lab.settings import container_name
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

# What systemd then says of slurmd, which runs all the same.
LOST = {"bookworm": "active", "trixie": "inactive"}


@contextmanager
def busy_systemd(lab: Lab, blade: str) -> Iterator[None]:
    """systemd of the blade does nothing for a while, as on a node that is all too busy."""
    form = ["podman", "inspect", "--format", "{{.State.Pid}}", container_name(lab.name, blade)]
    systemd = int(subprocess.run(form, check=True, capture_output=True, text=True).stdout)
    os.kill(systemd, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(systemd, signal.SIGCONT)


def slurmd(lab: Lab, blade: str) -> str:
    """The processes of slurmd, without those that nobody has buried yet."""
    return lab.inside(blade, "ps -C slurmd -o pid=,stat= | awk '$2 !~ /Z/ { print $1 }'")


def begin_anew(lab: Lab, blade: str) -> None:
    """A reconfigure, of which slurmd of 22.05 is the same process as before."""
    before = slurmd(lab, blade)
    lab.inside(blade, f"kill -HUP {before}")
    if lab.release != "bookworm":
        assert until(lambda: slurmd(lab, blade) not in ("", before) and "\n" not in slurmd(lab, blade), 30)


def known(lab: Lab, blade: str) -> str:
    """What systemd says of it."""
    return lab.inside(blade, "systemctl is-active slurmd; true")


def test_a_slurmd_that_systemd_lost_sight_of_is_taken_over_and_jobs_stay(cluster: Lab) -> None:
    blade = cluster.compute[0]
    words = f"--parsable --chdir=/ --output=/dev/null --mem=64 --nodelist={blade.lower()}"
    job = cluster.ask(f"runuser -u nobody -- sbatch {words} --wrap='sleep 600'")
    try:
        assert until(lambda: cluster.inside(blade, "pgrep -x sleep; true"), 30)
        before = cluster.inside(blade, "pgrep -x sleep")
        with busy_systemd(cluster, blade):
            for _ in range(2):
                begin_anew(cluster, blade)
        assert until(lambda: known(cluster, blade) == LOST[cluster.release], 30), known(cluster, blade)
        run = cluster.slurm([blade])
        assert run.code == 0, run.text
        assert known(cluster, blade) == "active"
        assert cluster.inside(blade, "systemctl show --property=MainPID --value slurmd") == slurmd(cluster, blade)
        assert cluster.inside(blade, "pgrep -x sleep") == before
        assert not cluster.slurm([blade]).json["changed"]
    finally:
        cluster.ask(f"scancel {job}")
        assert cluster.state(blade, "idle", 60) == "idle"
