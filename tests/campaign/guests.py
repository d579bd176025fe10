"""Jobs with steps: what became of each, as Slurm, the kernel and the job itself say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.campaign.case import Broken
from tests.campaign.cluster import USER, Cluster
from tests.cluster.waiting import until

LONG = 864_000
_HOME = f"/home/{USER}/campaign"
_SCRIPT = "echo begun >> {file}; srun sh -c 'echo step >> {file}; exec sleep {seconds}'; echo ended >> {file}"
# Beside the job of the cluster, on the keeper: a step with a client that is attached to it.
_UNIT = "campaign-attached"


@dataclass(frozen=True)
class Guest:
    """A job on a blade that verbs work on. A requeued one writes into its file once more."""

    blade: str
    number: str
    seconds: int

    @property
    def file(self) -> str:
        """What it has written, on its blade."""
        return f"{_HOME}.{self.number}"


def start_guest(cluster: Cluster, blade: str, seconds: int = LONG) -> Guest:
    """A job whose step takes so long.

    Raises:
        Broken: it does not start.
    """
    script = _SCRIPT.format(file=f"{_HOME}.$SLURM_JOB_ID", seconds=seconds)
    options = f"--parsable --nodelist={blade.lower()} --ntasks=1 --mem=16 --chdir=/ --output=/dev/null"
    number = cluster.lab.ask(f'runuser -u {USER} -- sbatch {options} --wrap "{_quoted(script)}"')
    guest = Guest(blade, number, seconds)
    if not until(lambda: "step" in _written(cluster, guest), 60):
        raise Broken("a job does not start", cluster.evidence())
    return guest


def _quoted(script: str) -> str:
    return script.replace("$", r"\$")


def _written(cluster: Cluster, guest: Guest) -> str:
    return cluster.lab.tried(guest.blade, f"cat {guest.file}").out


def lost_guest(cluster: Cluster, guest: Guest) -> str:
    """What became of a job, '' when it runs as it did or, where it is short, has come to its end."""
    short = guest.seconds < LONG
    expected = "begun\nstep\n" + ("ended\n" if short else "")
    until(lambda: _written(cluster, guest) == expected, guest.seconds + 60 if short else 0)
    if (now := _written(cluster, guest)) != expected:
        return f"job {guest.number} on {guest.blade} wrote {now!r}"
    if short:
        return ""
    known = cluster.lab.ask(f"scontrol show job {guest.number} 2>&1 || true")
    found = dict(re.findall(r"(JobState|Restarts)=(\S+)", known))
    steps = _steps(cluster, guest.number)
    is_well = found == {"JobState": "RUNNING", "Restarts": "0"} and f"{guest.number}.0" in steps
    return "" if is_well else f"Slurm says of job {guest.number} {found or known}, and of its steps {steps}"


def end_guest(cluster: Cluster, guest: Guest) -> None:
    """The job ends, and nothing stays of it."""
    cluster.lab.tried(cluster.lab.controller, f"scancel {guest.number}")
    cluster.lab.tried(guest.blade, f"rm -f {guest.file}")


def _steps(cluster: Cluster, number: str) -> list[str]:
    return cluster.lab.ask(f"squeue --steps --noheader --jobs={number} --format=%i").split()


def attach(cluster: Cluster) -> None:
    """Starts the step with a client, unless it runs.

    Raises:
        Broken: it does not start.
    """
    assert cluster.job is not None
    if not detached(cluster):
        return
    step = f"srun --jobid={cluster.job.number} --overlap --ntasks=1 --mem=8 --chdir=/ sleep {LONG + 1}"
    begin = f"systemd-run --quiet --collect --unit={_UNIT} --property=User={USER} {step}"
    cluster.lab.inside(cluster.keeper, f"systemctl stop {_UNIT} 2> /dev/null; {begin}")
    if not until(lambda: not detached(cluster), 30):
        raise Broken("a step does not start", {"step": detached(cluster), **cluster.evidence()})


def detached(cluster: Cluster) -> str:
    """What became of the step and of the client that is attached to it; '' when both run."""
    assert cluster.job is not None
    runs = f"pgrep -ax sleep | grep -q ' {LONG + 1}$' && systemctl is-active --quiet {_UNIT} && echo yes || true"
    if cluster.lab.inside(cluster.keeper, runs) != "yes":
        return "its process or its client is gone"
    steps = _steps(cluster, cluster.job.number)
    return "" if any(re.search(r"\.\d+$", step) for step in steps) else f"Slurm knows steps {steps}"
