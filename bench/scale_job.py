"""A job that has to live through everything that is done to the cluster."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from bench.scale_site import Site, expect
from provisioner.names import host_name

# Nobody else sleeps that long, so the process is found by it.
SLEEP = 86399
# Between two questions whether the job runs, which has a deadline.
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """What has to stay the same: the job's id, when it started, and its very process."""

    number: int
    started: str
    process: str

    def must_live(self, site: Site) -> None:
        """Ends the scenario when the job was ended, requeued or begun anew."""
        now = _look(site, self.number)
        expect(now == self, f"the job did not live through it: {self} became {now}")


def submit(site: Site, blades: list[str], seconds: float = 60) -> Job:
    """Starts the job on these blades and waits until it runs."""
    nodes = ",".join(host_name(name) for name in blades)
    options = f"--parsable --chdir=/ --output=/dev/null --time=2-0 --nodes={len(blades)} --nodelist={nodes}"
    number = int(site.ask(f"sbatch {options} --wrap='exec sleep {SLEEP}'"))
    begin = time.monotonic()
    while not (job := _look(site, number)).process:
        expect(time.monotonic() - begin < seconds, f"job {number} does not start: {job}")
        time.sleep(_POLL_SECONDS)
    return job


def _look(site: Site, number: int) -> Job:
    """The job as it is now; without a process unless it runs and was never restarted."""
    shown = site.ask(f"scontrol --oneliner show job {number}")
    pairs = dict(re.findall(r"\b(JobState|Restarts|StartTime)=(\S+)", shown))
    process = site.try_(f"pgrep --exact --full 'sleep {SLEEP}'").stdout.strip()
    runs = (pairs["JobState"], pairs["Restarts"]) == ("RUNNING", "0")
    return Job(number, pairs["StartTime"], process if runs else "")


def run_over(site: Site, width: int) -> float:
    """Seconds of one srun over so many nodes, each of which has to answer with its own name."""
    begin = time.monotonic()
    done = site.try_(f"cd /; srun --nodes={width} --time=10 hostname")
    seconds = time.monotonic() - begin
    answers = set(done.stdout.split())
    reason = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
    expect(done.returncode == 0 and len(answers) == width, f"{len(answers)} of {width} nodes answered srun: {reason}")
    return seconds
