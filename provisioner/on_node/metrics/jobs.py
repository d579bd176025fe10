"""Jobs by state, user, account and partition, from one call of squeue."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .samples import Samples, number

FIELDS = ("State", "Partition", "UserName", "Account", "NumCPUs", "tres-alloc", "Reason")
# Also jobs that have ended, as long as slurmctld knows them (MinJobAge, 300 s). A waiting array counts once.
COMMAND = "squeue --noheader --all --states=all"
STATES = (
    "pending", "running", "suspended", "completing", "completed", "configuring", "failed", "timeout", "preempted",
    "node_fail", "cancelled",
)  # fmt: skip
_GPUS = re.compile(r"(?:^|,)gres/gpu=(\d+)")


def job_samples(rows: Iterable[list[str]], samples: Samples, partitions: Iterable[str] = ()) -> None:
    """The figures of all jobs.

    Args:
        rows: FIELDS of each job.
        samples: where they go.
        partitions: those that have figures also without a job.
    """
    for name in partitions:
        samples.zero(("partition_jobs_pending", "partition_jobs_running"), partition=name)
    samples.zero([f"jobs_{state}" for state in STATES])
    samples.zero(("jobs_cores_running", "jobs_cores_pending"))
    for words, partition, user, account, cpus, tres, reason in rows:
        state = words.lower()
        if state not in STATES:
            continue
        cores, account = number(cpus), account.replace("(null)", "")
        samples.add(f"jobs_{state}")
        if state in ("running", "pending"):
            samples.add(f"jobs_cores_{state}", cores)
        # A job that waits may wait in several partitions.
        for its in partition.split(","):
            labels = {"user": user, "partition": its.rstrip("*")}
            if state in ("running", "pending"):
                samples.add(f"partition_jobs_{state}", partition=labels["partition"])
            if state == "pending":
                labels["reason"] = reason
            samples.add(f"queue_{state}", 1, **labels)
            samples.add(f"cores_{state}", cores, **labels)
        if state in ("running", "pending", "suspended"):
            samples.add(f"account_jobs_{state}", account=account)
            samples.add(f"user_jobs_{state}", user=user)
        if state == "running":
            gpus = sum(map(float, _GPUS.findall(tres)))
            for whose, who in (("account", account), ("user", user)):
                samples.add(f"{whose}_cpus_running", cores, **{whose: who})
                samples.add(f"{whose}_gpus_running", gpus, **{whose: who})
