"""What a job gets that asks for a GPU, and one that asks for none."""

from __future__ import annotations

import pytest
from testinfra.host import Host

from tests.cluster.waiting import until

# The stand-ins open as far as the driver that is not there; those of others not even that.
OPEN = "for gpu in /dev/nvidia0 /dev/nvidia1; do head -c1 $gpu 2>&1; done | grep -c 'Operation not permitted'; true"


@pytest.mark.parametrize(("asked", "closed"), [("--gpus=1", "1"), ("--gpus=a100:2", "0"), ("", "2")])
def test_a_job_can_open_what_it_asked_for_only(controller: Host, asked: str, closed: str) -> None:
    job = f'runuser -u nobody -- srun --immediate=30 --chdir=/ --mem=64 {asked} sh -c "{OPEN}"'
    said = [""]

    def ran() -> bool:
        done = controller.run(job.replace("$", "\\$"))
        said[0] = done.stdout + done.stderr
        return bool(done.rc == 0)

    assert until(ran, 60), said[0]
    assert said[0].split()[0] == closed


def test_slurm_knows_their_type(controller: Host) -> None:
    assert controller.check_output("sinfo --noheader --partition=all --format=%%G").startswith("gpu:a100:2")
