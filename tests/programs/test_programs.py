"""Programs that people run on a cluster, unchanged and with our defaults: each file is shown in docs/programs.md."""

from __future__ import annotations

from tests.cluster.labs import Said
from tests.cluster.waiting import until
from tests.programs.user import User


def printed(said: Said) -> list[str]:
    assert said.code == 0, said.text
    return said.out.splitlines()


def test_submitit_runs_functions_and_arrays_cancels_and_goes_beyond_a_time_limit(user: User) -> None:
    """The last one needs a warning before the end, `scontrol requeue` by the user, and sacct over the whole of it."""
    assert printed(user.runs("python submitit_jobs.py", ["submitit_jobs.py"])) == [
        "executor: slurm",
        "function: 12",
        f"array: {list(range(8))}",
        "nodes: 2",
        "cancelled: CANCELLED",
        "longer than its time: 125 seconds, started again: True",
    ]


def test_dask_computes_on_workers_of_two_jobs_and_ends_them(user: User) -> None:
    said = printed(user.runs("python dask_cluster.py", ["dask_cluster.py"]))
    assert said == ["sum of squares: 328350", "nodes: 2", "closed"]
    assert until(lambda: len([state for state in user.ended("--name=dask-worker") if "CANCELLED" in state]) == 2)


def test_parsl_runs_a_pipeline_on_a_block_of_nodes(user: User) -> None:
    said = printed(user.runs("python parsl_pipeline.py", ["parsl_pipeline.py"]))
    assert said == ["sum of squares: 328350", "nodes: 2"]


def test_snakemake_runs_a_workflow_and_tries_again_with_more_memory(user: User) -> None:
    said = user.runs("snakemake", ["Snakefile", "profiles/default/config.yaml"])
    assert said.code == 0, said.text
    assert user.must("cat work-Snakefile/total.txt") == f"{1 + 2 + 3 + 600 * 2**20}\n"
    assert said.text.count("SLURM status is: 'OUT_OF_MEMORY'") == 1, said.text


def test_snakemake_says_which_job_failed(user: User) -> None:
    said = user.runs("snakemake broken.txt", ["Snakefile", "profiles/default/config.yaml"])
    assert said.code == 1, said.text
    assert "SLURM status is: 'FAILED'" in said.text
    assert "exit 3" in said.text
