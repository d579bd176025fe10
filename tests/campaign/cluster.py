"""The cluster that the campaign attacks: a lab, and on a node that no run names a job that has to survive it all."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.lab.settings import container_name, network_name
from tests.campaign.case import Broken
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

NAME, SUBNET = os.environ.get("CLUSTER_LAB", "test-campaign:4").split(":")
# A user as any other; the lab's blades have it.
USER = "provision"
_SECONDS = "8640000"


@dataclass(frozen=True)
class Job:
    """A job as the kernel and Slurm know it: another process, or a restart of it, is another job."""

    number: str
    process: str


@dataclass
class Cluster:
    """`targets` are what runs name; `keeper` is a member too and has the job.

    `recorded` are the jobs that accounting knows, `declared` the accounts and users.
    """

    lab: Lab
    targets: list[str]
    keeper: str
    job: Job | None = None
    recorded: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)

    def container(self, blade: str) -> str:
        """The name that podman knows a blade by."""
        return container_name(self.lab.name, blade)

    @property
    def network(self) -> str:
        """The name that podman knows the lab's network by."""
        return network_name(self.lab.name)

    def start(self) -> None:
        """Virgin blades become members of a cluster that says nothing of accounts or services, the job starts.

        Raises:
            Broken: they do not.
        """
        self.lab.accounts_file.unlink(missing_ok=True)
        self.lab.accounting, self.lab.more = False, {}
        self.lab.write_plan()
        self.lab.up()
        self.recorded, self.declared = set(), set()
        said = self.lab.slurm([*self.targets, self.keeper])
        if said.code != 0:
            raise Broken("virgin blades do not become a cluster", {"said": said.text})
        self.start_job()

    def start_job(self) -> None:
        """A job without an end on the keeper, by an ordinary user."""
        self.lab.ask(f"scancel --user={USER}; true")
        if not until(lambda: not self._process(), 60):  # that of an earlier job is not the new one's
            raise Broken("a job that was cancelled does not end", self.evidence())
        options = f"--parsable --nodelist={self.keeper.lower()} --mem=16 --output=/dev/null"
        number = self.lab.ask(f"cd /tmp && runuser -u {USER} -- sbatch {options} --wrap 'exec sleep {_SECONDS}'")
        process = until(self._process, 30)
        if not process:
            raise Broken("a job does not start", self.evidence())
        self.job = Job(number, process)

    def _process(self) -> str:
        """Number and start of the job's process; another one has another start."""
        named = f"grep -qaw {_SECONDS} /proc/$p/cmdline && cut -d' ' -f1,22 /proc/$p/stat"
        return self.lab.inside(self.keeper, f"for p in $(pgrep -x sleep); do {named}; done; true")

    def lost_job(self) -> str:
        """What became of the job, '' when it runs as it did."""
        assert self.job is not None
        if (now := self._process()) != self.job.process:
            return f"its process was {self.job.process}, it is {now or 'gone'}"
        known = self.lab.ask(f"scontrol show job {self.job.number} 2>&1 || true")
        found = dict(re.findall(r"(JobState|Restarts)=(\S+)", known))
        return "" if found == {"JobState": "RUNNING", "Restarts": "0"} else f"Slurm says {found or known}"

    def converges(self, *words: str) -> tuple[Said, Said]:
        """A run over the targets, and one more."""
        first = self.lab.slurm(self.targets, *words)
        return first, self.lab.slurm(self.targets)

    def recover(self) -> str:
        """Makes the cluster whole again after a case that broke it; says what that took."""
        for _ in range(2):
            if self.lab.slurm([*self.targets, self.keeper], f"--accept-hardware={self.targets[0]}").code == 0:
                if self.lost_job():
                    self.start_job()
                return "more runs mended it"
        try:
            self.start()
        except (AssertionError, Broken) as error:  # what broke first is what a person wants to read
            return f"two more runs did not mend it, and a new lab cannot be made: {error}"
        return "two more runs did not mend it either; a new lab was made"

    def evidence(self) -> dict[str, str]:
        """What a person looks at first; an answer that does not come is told as such."""
        controller = self.lab.controller
        asked = {"sinfo -R": (controller, "sinfo -R; sinfo -N"), "nodes": (controller, "scontrol show nodes")}
        units = ("slurmctld", "slurmd", "munge", "mariadb", "slurmdbd")
        journal = f"journalctl --no-pager --lines=25 {' '.join(f'--unit={unit}' for unit in units)}"
        asked |= {f"journal of {blade}": (blade, journal) for blade in (controller, *self.targets)}
        return {name: self._shown(blade, script) for name, (blade, script) in asked.items()}

    def _shown(self, blade: str, script: str) -> str:
        try:
            return self.lab.inside(blade, f"timeout 20 sh -c '{script}' 2>&1 || true")
        except AssertionError as error:
            return str(error)


def shortly(said: Said) -> str:
    """What a run with --json said, without what is of no interest when something broke."""
    try:
        blades = said.json["blades"]
    except (ValueError, KeyError):
        return said.text
    told = [f"exit code {said.code}; {said.json['verified'] or 'not verified'}"]
    for name, blade in blades.items():
        failure = blade["failure"] or {}
        words = [blade["status"], *blade["changed"], *blade["notes"], *map(str, failure.values())]
        told.append(f"{name}: {'; '.join(word for word in words if word)}")
    return "\n".join([*told, said.err])


def podman(*words: str) -> None:
    """A command of podman, which may find that there is nothing to do."""
    subprocess.run(["podman", *words], capture_output=True, check=False)


@contextmanager
def cluster(release: str, compute: int, folder: Path) -> Iterator[Cluster]:
    """A cluster of so many compute nodes, the keeper among them; gone afterwards."""
    lab = Lab(NAME, int(SUBNET), compute - 1, release, folder)
    made = Cluster(lab, lab.compute, lab.spare)
    try:
        made.start()
        yield made
    finally:
        made.lab.lab("down")
