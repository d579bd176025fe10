"""Jobs of nobody on a lab, and the folders that they have."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from provisioner.state.tampering import HARMS
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

HOME = "/scratch/.job-tmp"
REASON = "Reason=provision: job-tmp: its scratch is not mounted at /scratch"
TEND = "/usr/local/sbin/slurm-job-tmp tend"
UNMOUNT = HARMS["unmounted"]["scratch"]("/scratch", {})


def submit(lab: Lab, blade: str, script: str, *words: str, output: str = "/dev/null") -> str:
    """The number of a job of nobody on this blade ('' for any), beside others."""
    asked = ["--parsable", "--chdir=/", "--ntasks=1", "--mem=64", f"--output={output}"]
    asked += [f"--nodelist={blade.lower()}"] if blade else []
    return lab.ask(f"runuser -u nobody -- {shlex.join(['sbatch', *asked, *words, '--wrap', script])}")


def said_by(lab: Lab, blade: str, script: str) -> str:
    """What a job of nobody on this blade prints."""
    out = "/var/lib/job-tmp-%j.out"
    lab.inside(blade, "chmod o+w /var/lib")
    job = submit(lab, blade, script, output=out)
    try:
        assert ended(lab, job) == "COMPLETED", lab.inside(blade, "tail -n 20 /var/log/slurm/slurmd.log")
        return lab.inside(blade, f"cat {out.replace('%j', job)}")
    finally:
        lab.inside(blade, f"rm -f {out.replace('%j', job)}; chmod o-w /var/lib")


def state(lab: Lab, job: str) -> str:
    """The state of a job, '' for one that slurmctld has forgotten."""
    return lab.ask(f"squeue --noheader --states=all --job={job} --format=%T 2> /dev/null; true")


def ended(lab: Lab, job: str) -> str:
    """The state of a job once it has ended."""
    until(lambda: state(lab, job) not in ("PENDING", "RUNNING", "CONFIGURING", "COMPLETING"), 60)
    return state(lab, job)


def node(lab: Lab, blade: str) -> str:
    """The node as slurmctld has it."""
    return lab.ask(f"scontrol --oneliner show node {blade.lower()}")


def folders(lab: Lab, blade: str) -> str:
    """What is left in the folder of all jobs, and mounts of it."""
    mounts = "grep -o '[^ ]*job-tmp/[^ ]*/[0-9][^ ]*' /proc/self/mounts; true"
    return lab.inside(blade, f"find {HOME}/{blade.lower()} -mindepth 1 ! -type l; {mounts}")


def left_of_jobs(lab: Lab, blade: str) -> str:
    """What is left of jobs that are over, '' once nothing is.

    Slurm 24.11 fails to remove a folder now and then (docs/known-defects.md): the timer does it within three minutes.
    """
    until(lambda: folders(lab, blade) == "", 180)
    return folders(lab, blade)


def tmp_of_a_job(lab: Lab, blade: str) -> str:
    """`own` or `shared`."""
    lab.inside(blade, "touch /tmp/of-the-node /var/tmp/of-the-node")
    said = said_by(lab, blade, "ls /tmp/of-the-node /var/tmp/of-the-node 2> /dev/null | wc -l")
    return {"0": "own", "2": "shared"}[said]


@contextmanager
def put_on(lab: Lab, blade: str, place: str) -> Iterator[None]:
    """A plan that says where the folders of a blade's jobs are."""
    plan = lab.plan.read_text()
    said = yaml.safe_load(plan)
    said["blades"][blade]["job_tmp"] = place
    try:
        lab.plan.write_text(yaml.safe_dump(said, sort_keys=False))
        yield
    finally:
        lab.plan.write_text(plan)


@contextmanager
def without_folders(lab: Lab) -> Iterator[str]:
    """The cluster as it is before jobs have folders; afterwards it goes over to them. It tells the notes of the run."""
    with lab.variables_of_the_site(slurmctld_config={"Prolog": "/bin/true"}):
        said = lab.slurm(lab.compute)
        assert said.code == 0, said.text
        yield "\n".join(said.json["blades"][lab.controller]["notes"])
    said = lab.slurm(lab.compute)
    assert said.code == 0, said.text
