"""The table of what each setting needs, proved on live daemons: another value of every key, and what they have then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.slurm.effects import Kind, effect, entries
from tests.cluster.job_tmp import state, submit
from tests.cluster.labs import Lab
from tests.cluster.settings_effect import RELEASES, Daemons, measured, values
from tests.cluster.waiting import until

# Keys that a live daemon is not asked for, and why.
ELSEWHERE = {
    "AuthType": "there is no other one that works",
    "AuthAltTypes": "the plugin comes with REST: test_rest.py",
    "ClusterName": "slurmctld refuses another one: roles/slurmctld",
    "SlurmctldHost": "slurmctld refuses a machine that is not this one",
    "SlurmdSpoolDir": "no site may set it, and a slurmd of 24.11 stops where it is not there",
    "AccountingStorageType": "needs a database: test_accounting.py",
    "AccountingStorageTRES": "needs a database: test_gpus.py",
    "AccountingStorageHost": "needs a database: test_accounting.py",
    "gres.conf": "test_gpus.py",
    "job_container.conf": "test_job_tmp.py",
    "mpi.conf": "test_mpi.py",
    "topology.conf": "test_mpi.py",
    "TopologyPlugin": "needs topology.conf: test_mpi.py",
}
FREED = "sinfo -h -N -t drain,down -o %n | sort -u | xargs -r -I@ scontrol update nodename=@ state=resume"
FOLDER = "/var/lib/slurm/slurmctld/effect"


def freed(lab: Lab) -> bool:
    """No node is drained or down any more. One that Slurm gives back meanwhile refuses it, so it is said again."""
    return until(lambda: lab.tried(lab.controller, FREED).code == 0, 60)


@pytest.fixture
def daemons(cluster: Lab) -> Iterator[Daemons]:
    """Daemons whose configuration is the test's; as they were afterwards."""
    made = Daemons(cluster)
    cluster.ask(f"install --directory --owner=slurm --group=slurm {FOLDER}")
    yield made
    made.put_back()
    assert made.restart()
    # Another TmpFS may be too small.
    assert freed(cluster)
    cluster.ask(f"rm -rf {FOLDER} /var/log/slurm/*.effect")
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text


def test_every_key_of_the_table_is_tried_or_has_a_reason() -> None:
    tried = {key for release in RELEASES.values() for key in values(release)}
    assert {entry.key for entry in entries().values()} == tried | ELSEWHERE.keys()


def running_job(lab: Lab) -> str:
    """The number of a job that runs on."""
    job = submit(lab, lab.compute[0], "sleep 36000", "--time=600")
    assert until(lambda: state(lab, job) == "RUNNING", 60), lab.ask("squeue; sinfo -R")
    return job


def has_run_on(lab: Lab, job: str) -> bool:
    shown = lab.ask(f"scontrol show job {job}")
    return "JobState=RUNNING" in shown and "Restarts=0" in shown


def test_every_setting_needs_what_the_table_says_and_costs_no_job(daemons: Daemons, cluster: Lab) -> None:
    release = RELEASES[cluster.release]
    year, _, month = release.partition(".")
    wrong, job = [], running_job(cluster)
    for key, given in values(release).items():
        claim = effect(key, (int(year), int(month)))
        found = measured(daemons, key, given, 3 if claim.slurmctld is Kind.RESTART or claim.slurmd else 30)
        late = {"slurmctld", "shown"} if claim.slurmctld is Kind.RESTART else set()
        late |= {"slurmd"} if claim.slurmd else set()
        by_reconfigure, wanted = found.wanted - late, found.wanted & late
        if missing := (by_reconfigure - found.by_reconfigure) | (wanted - found.by_restart):
            wrong.append(f"{key} ({claim.words()}): {', '.join(sorted(missing))} not there {found.words}")
        if not has_run_on(cluster, job):
            # What kills slurmctld in a reconfigure is never changed by one.
            if found.alive or claim.slurmctld is not Kind.RESTART:
                wrong.append(f"{key}: the job did not run on")
            cluster.ask(f"scancel {job}")
            assert freed(cluster)
            job = running_job(cluster)
    cluster.ask(f"scancel {job}")
    assert not wrong, "\n".join(wrong)
