"""Completed jobs that the database knows: whatever is killed, and whenever accounting comes and goes, none is lost."""

from __future__ import annotations

from tests.campaign.cluster import Cluster
from tests.cluster.accounting import completed, done
from tests.cluster.waiting import until

_JOBS = 2


def record_jobs(cluster: Cluster) -> bool:
    """Lets some jobs complete where the cluster has accounting, for `lost_records`; whether it has."""
    has = cluster.lab.ask("grep -c ^AccountingStorageHost= /etc/slurm/slurm.conf || true") == "1"
    if has:
        cluster.recorded |= done(cluster.lab, _JOBS)
    return has


def lost_records(cluster: Cluster) -> str:
    """Which of the jobs the database does not know, also of those that complete now; '' for none."""
    if not record_jobs(cluster):
        return ""
    if until(lambda: cluster.recorded <= completed(cluster.lab), 90):
        return ""
    missing = cluster.recorded - completed(cluster.lab)
    return f"of jobs {sorted(cluster.recorded, key=int)} it does not know {sorted(missing, key=int)}"
