"""What tests of accounting ask of a cluster: its jobs, and which of them the database knows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

QUEUE = "squeue --noheader --all --format='%i %T' | sort"
WATCH = """
nohup sh -c 'while :; do
  state=down; timeout 2 scontrol ping | grep -q "is UP" && state=up
  echo "$state $(date +%s.%N)" >> /run/watch; sleep 0.1
done' > /dev/null 2>&1 &
echo $! > /run/watch.pid
"""


@dataclass(frozen=True)
class SwitchedOn:
    """The run that switched accounting on: what it said, the queue around it, and how long slurmctld was away."""

    shown: Said
    said: Said
    before: str
    after: str
    requeued: str
    away: float


def nodes(lab: Lab) -> list[str]:
    return [*lab.compute, lab.spare]


def submit(lab: Lab, words: str) -> str:
    """The id of a job of an account that nobody has declared."""
    command = f"cd /tmp && sbatch --parsable --output=/dev/null --time=60 {words}"
    return lab.ask(f'setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c "{command}"')


def completed(lab: Lab) -> set[str]:
    """The jobs that the database knows to be completed; asked on a compute blade, as somebody who is nobody.

    None while nobody answers.
    """
    asked = (
        "sacct --allusers --noheader --parsable2 --allocations --state=COMPLETED --format=JobID --starttime=now-1days"
    )
    words = f'setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c "{asked} --endtime=now || true"'
    return set(lab.inside(lab.compute[0], words).split())


def are_written(lab: Lab, jobs: set[str], seconds: float = 60) -> bool:
    return bool(until(lambda: jobs <= completed(lab), seconds))


def done(lab: Lab, count: int = 3) -> set[str]:
    """Short jobs that are over."""
    jobs = {submit(lab, "--wrap=true") for _ in range(count)}
    over = until(lambda: not jobs & set(lab.ask("squeue --noheader --format=%i").split()), 60)
    assert over, lab.ask(QUEUE)
    return jobs


def has_saved(lab: Lab) -> bool:
    """Whether slurmctld writes down, within a while, what it knows of its jobs now; it does when jobs change."""
    lab.ask("touch /run/asked-for-state")
    held = submit(lab, "--hold --wrap=true")
    newer = "find /var/lib/slurm/slurmctld/job_state -newer /run/asked-for-state"
    try:
        return bool(until(lambda: lab.ask(newer), 60))
    finally:
        lab.ask(f"scancel {held}")


def changed(said: Said) -> dict[str, Any]:
    assert said.code == 0, said.text
    return {name: sorted(blade["changed"]) for name, blade in said.json["blades"].items() if blade["changed"]}


@contextmanager
def without_a_database(lab: Lab) -> Iterator[None]:
    """MariaDB that cannot start, for a while: its data are somewhere else."""
    lab.ask("systemctl stop slurmdbd mariadb; mv /var/lib/mysql /var/lib/mysql.away")
    try:
        yield
    finally:
        lab.ask("systemctl stop mariadb; rm -rf /var/lib/mysql; mv /var/lib/mysql.away /var/lib/mysql")
        lab.ask("systemctl reset-failed mariadb slurmdbd; systemctl start mariadb slurmdbd")


def switch_on(lab: Lab) -> SwitchedOn:
    """Switches accounting on below two jobs that run and two that wait."""
    held = [submit(lab, "--exclusive --wrap='sleep 1000'") for _ in range(4)]
    assert until(lambda: lab.ask(QUEUE).count(" RUNNING") == 2), lab.ask(QUEUE)
    before = lab.ask(QUEUE)
    lab.accounting = True
    lab.write_plan()
    shown = lab.slurm(nodes(lab), "--check")
    lab.ask(WATCH)
    said = lab.slurm(nodes(lab))
    seen = lab.ask("kill $(cat /run/watch.pid); cat /run/watch")
    found = SwitchedOn(shown, said, before, lab.ask(QUEUE), _requeued(lab, held), _longest_absence(seen))
    lab.ask(f"scancel {' '.join(held)}")
    return found


def _requeued(lab: Lab, jobs: list[str]) -> str:
    shown = "".join(lab.ask(f"scontrol show job {job} | grep -o 'Restarts=[0-9]*'") for job in jobs)
    return shown.replace("Restarts=0", "")


def _longest_absence(seen: str) -> float:
    """Seconds between two answers of slurmctld, at most."""
    answers = [float(line.split()[1]) for line in seen.splitlines() if line.startswith("up ")]
    assert len(answers) > 10, seen
    return max(later - earlier for earlier, later in itertools.pairwise(answers))
