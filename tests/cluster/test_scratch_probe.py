"""Verification writes to scratch as nobody in particular, and no user makes it fail or write anywhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.job_tmp import TEND, UNMOUNT
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

# As a user: every name that a probe with a number in it could have, and a good many that mktemp could try. A link to
# what the account of the job may write, to what only root may, pipes that hold up whoever opens them.
TRAPS = r"""
cd /scratch
for number in $(seq 1 400); do
  case $((number % 4)) in
    0) ln -s /tmp/caught .provision-verify.$number ;;
    1) ln -s /etc/caught .provision-verify.$number ;;
    2) mkfifo .provision-verify.$number ;;
    3) mkdir .provision-verify.$number ;;
  esac
done
mkfifo .provision-verify.XXXXXXXXXX probe
"""
# Down to the last block, without writing them all, and to the last inode.
FILL = r"""
n=0
for size in 64G 4G 256M 16M 1M 64K 4K; do
  while fallocate --length $size /scratch/fill.$n 2> /dev/null; do n=$((n + 1)); done
  n=$((n + 1))
done
while touch /scratch/fill.$n 2> /dev/null; do n=$((n + 1)); done
"""


def verify(lab: Lab, blade: str) -> Said:
    """`provision verify` on one blade."""
    return lab.provision("verify", f"--nodes={blade}", "--json")


def as_alice(lab: Lab, blade: str, script: str) -> None:
    """Runs a script on a blade as a user without any right."""
    lab.inside(blade, "useradd --uid 7001 alice 2>/dev/null; true")
    lab.inside(blade, f"setpriv --reuid=7001 --regid=7001 --clear-groups sh -c '{script}'")


def of_nobody(lab: Lab, blade: str) -> str:
    """What the account of our jobs has on scratch."""
    return lab.inside(blade, "find /scratch -xdev -user nobody")


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A free member with scratch; what a test put there is gone afterwards."""
    chosen = cluster.compute[0]
    assert cluster.state(chosen, "idle", 60) == "idle"
    yield chosen
    cluster.inside(
        chosen,
        "find /scratch -xdev -mindepth 1 -not -path '/scratch/.job-tmp*' -delete; chmod 1777 /scratch;"
        f" rm -f /tmp/caught /etc/caught; {TEND}",
    )


def test_a_user_who_was_there_first_catches_nothing(cluster: Lab, blade: str) -> None:
    as_alice(cluster, blade, TRAPS)
    before = cluster.inside(blade, "find /scratch | sort")
    said = verify(cluster, blade)
    assert said.code == 0, said.text
    assert "scratch writable" in said.json["verified"]
    assert cluster.inside(blade, "find /scratch | sort") == before
    assert cluster.inside(blade, "ls /tmp/caught /etc/caught 2>/dev/null; true") == ""


def test_the_job_is_nobodys_and_leaves_nothing(cluster: Lab, blade: str) -> None:
    """Who ran it is seen in slurmd's own log."""
    cluster.inside(blade, ": > /var/log/slurm/slurmd.log")
    assert verify(cluster, blade).code == 0
    log = cluster.inside(blade, "cat /var/log/slurm/slurmd.log")
    assert "request from UID:65534" in log
    assert "request from UID:0" not in log
    # Slurm takes folders of a job away a moment after it is over.
    assert until(lambda: of_nobody(cluster, blade) == "", 60), of_nobody(cluster, blade)


def test_a_full_scratch_takes_no_jobs_until_it_has_room(cluster: Lab, blade: str) -> None:
    """No job would get folders of its own there."""
    cluster.inside(blade, FILL + TEND)
    said = verify(cluster, blade)
    assert said.code == 1, said.text
    assert "it takes no jobs by itself: /scratch is full" in said.failure(blade)
    cluster.inside(blade, f"rm /scratch/fill.*; {TEND}")
    assert verify(cluster, blade).code == 0


def test_a_scratch_that_only_root_may_write_is_said_so(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, "chmod 0755 /scratch")
    said = verify(cluster, blade)
    assert said.code != 0, said.text
    assert "its scratch does not let everybody write" in said.failure(blade)


def test_a_scratch_that_is_not_mounted_is_said_so(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, UNMOUNT)
    try:
        said = verify(cluster, blade)
    finally:
        cluster.inside(blade, "mount /scratch")
    assert said.code != 0, said.text
    assert "its scratch is not mounted" in said.failure(blade)
