"""What a job gets on a node, and what it cannot take."""

from __future__ import annotations

import re

import pytest
from testinfra.host import Host

from tests.cluster.waiting import until

ALLOCATE = "python3 -c 'x = bytearray({mib} * 2**20); print(len(x))'"


@pytest.fixture
def node(compute: dict[str, Host]) -> str:
    """One compute node, the same in every test."""
    return next(iter(compute))


def test_two_jobs_without_mem_share_a_node(controller: Host, node: str, members: dict[str, Host]) -> None:
    """Without DefMemPerCPU the first one would take all memory, and the second would wait for it."""
    submit = f"sbatch --parsable --chdir=/ --output=/dev/null --nodelist={node} --ntasks=1 --time=5 --wrap='sleep 300'"
    jobs = [controller.check_output(submit) for _ in range(2)]
    try:
        running = f"squeue --noheader --format=%T --jobs={','.join(jobs)}"
        both = until(lambda: controller.check_output(running).split() == ["RUNNING"] * 2, 30)
        assert both, controller.check_output(f"squeue --jobs={','.join(jobs)}")
    finally:
        controller.check_output(f"scancel {' '.join(jobs)}")
        until(lambda: not controller.run(f"squeue --noheader --jobs={','.join(jobs)}").stdout.strip(), 30)


def test_a_job_cannot_use_more_memory_than_it_asked_for(controller: Host, node: str, members: dict[str, Host]) -> None:
    job = f"srun --nodelist={node} --ntasks=1 --mem=50M "
    greedy = controller.run(job + ALLOCATE.format(mib=300))
    assert greedy.rc != 0, f"300 MiB were given to a job of 50: {greedy.stdout}"
    assert re.search(r"oom|out of memory|killed", greedy.stderr, re.IGNORECASE), greedy.stderr
    modest = controller.run(job + ALLOCATE.format(mib=10))
    assert modest.rc == 0, modest.stderr


def test_a_job_is_confined_to_its_cores(controller: Host, node: str, members: dict[str, Host]) -> None:
    job = f"srun --nodelist={node} --ntasks=1 --cpus-per-task=1 --mem=50M nproc"
    assert controller.check_output(job) == "1"


def test_a_job_that_asks_too_much_is_refused(controller: Host, node: str, members: dict[str, Host]) -> None:
    answer = controller.run(f"srun --nodelist={node} --ntasks=1 --mem=9999G --immediate=10 true")
    assert answer.rc != 0
    assert "configuration is not available" in answer.stderr, answer.stderr
