"""Rounds: services come to blades that never had them, the run dies at an event of chance; then ONE run mends it.

The event is that something of one of the services has come to a blade: a package, a file, a change that is on trial.
The services take turns, so that eight rounds or so strike in the midst of each.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from tests.campaign.brought import TRIALS, Thing, absent, things
from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import Cluster, shortly
from tests.campaign.faults import FAULTS
from tests.campaign.kills import broken_by
from tests.campaign.services import ALL
from tests.campaign.struck import LONGEST, Mends, count_round, mend, plain, see_end
from tests.campaign.terminal import Terminal, on_terminal
from tests.cluster.waiting import until

# What ends a run, or the blade that it works on, for good.
ENDS = ("kill -9 of provision", "kill -9 of the group", "kill -9 of ansible-playbook", "kill -9 of ssh", "TERM",
        "Ctrl-C", "hang up", "power cut of a blade")  # fmt: skip
# Seconds after the event: its role is at work, or the one behind it.
LATER = 2.0
LEFT = f"ls -d {TRIALS}/* /etc/systemd/system/provision-trial-* 2> /dev/null; true"


@dataclass(frozen=True)
class Services:
    """A cluster whose services come and go. `login` is a blade that is no member without them, '' for none.

    `things` are what comes with the services and was not there before them; `units` the units of each blade.
    """

    cluster: Cluster
    login: str
    things: Sequence[Thing]
    units: dict[str, list[str]]

    @property
    def blades(self) -> list[str]:
        return [self.cluster.lab.controller, *self.cluster.targets]

    @property
    def computing(self) -> list[str]:
        return [blade for blade in self.cluster.targets if blade != self.login]

    def say(self, wanted: bool) -> None:
        """Puts all services into the plan, or none of them."""
        lab = self.cluster.lab
        lab.accounting, lab.mpi = False, wanted
        lab.more = {**ALL, **({"login": self.login} if self.login else {})} if wanted else {"health": False}
        lab.accounts_file.unlink(missing_ok=True)
        lab.write_plan()

    def never_were(self) -> None:
        """Makes the blades what they are before the services come for the first time.

        Raises:
            Broken: the run that takes them out of the cluster does not converge.
        """
        lab = self.cluster.lab
        self.say(False)
        if self.login:
            lab.lab("reimage", self.login)
        forget = [f"--forget={self.login}"] if self.login else []
        said = lab.slurm(self.computing, *forget)
        if said.code != 0:
            raise Broken("services do not go away", {"said": shortly(said)})
        for blade in (lab.controller, *self.computing):
            units = " ".join(self.units[blade])
            gone = [thing.gone for thing in self.things if thing.blade == blade]
            lab.inside(blade, "; ".join([f"systemctl --quiet disable --now {units} 2> /dev/null", *gone, "true"]))
            lab.inside(blade, "systemctl daemon-reload; systemctl reset-failed")


def virgin_services(cluster: Cluster) -> Services:
    """The cluster without the services that the plan knows, and what comes with them."""
    login = cluster.targets[-1] if len(cluster.targets) > 1 else ""
    made = Services(cluster, login, [], {blade: [] for blade in (cluster.lab.controller, *cluster.targets)})
    made.say(True)
    brought, units = things(cluster, made.blades)
    made.say(False)
    others = {(thing.blade, thing.name) for thing in things(cluster, made.blades)[0]}
    alone = [thing for thing in brought if thing.kind == "trials" or (thing.blade, thing.name) not in others]
    # Packages that other roles or Debian need are there already.
    new = {*absent(cluster, [thing for thing in alone if thing.kind == "packages"])}
    return Services(cluster, login, [thing for thing in alone if thing.kind != "packages" or thing in new], units)


def event(services: Services, case: Case, random: Random) -> Thing:
    """What has to come before the run dies; the roles take turns, in an order of the seed."""
    roles = sorted({thing.role for thing in services.things})
    Random(case.seed).shuffle(roles)
    role = roles[case.number % len(roles)]
    return random.choice([thing for thing in services.things if thing.role == role])


def _strike(cluster: Cluster, run: Terminal, thing: Thing, random: Random, told: list[str]) -> Mends:
    """Waits for the event, and ends the run; returns what mends the blade."""
    name, later = random.choice(ENDS), random.uniform(0, LATER)
    waits = ["timeout", str(LONGEST), "sh", "-c", f"until {thing.there}; do sleep 0.02; done"]
    with subprocess.Popen(["podman", "exec", cluster.container(thing.blade), *waits]) as watch:
        try:
            until(lambda: watch.poll() is not None or run.process.poll() is not None, LONGEST)
        finally:
            watch.kill()
    over = until(lambda: run.process.poll() is not None, later)
    event = f"{thing.kind} {shlex.quote(thing.name)} of {thing.role} on {thing.blade}"
    told.append(f"{name}, {later:.1f} s after {event}{', when it was over' if over else ''}")
    FAULTS[name].strike(cluster, thing.blade, run)
    act = FAULTS[name].mend
    return [(act, thing.blade)] if act else []


def _round(services: Services, case: Case, evidence: dict[str, str]) -> list[str]:
    """A run that is struck while services come, and two more; returns the promises that were broken."""
    cluster, random = services.cluster, case.random()
    told: list[str] = []
    broken: list[str] = []
    services.never_were()
    thing = event(services, case, random)
    services.say(True)
    with on_terminal(cluster.lab, "slurm", f"--nodes={','.join(cluster.targets)}") as run:
        mends: Mends = []
        try:
            mends = _strike(cluster, run, thing, random, told)
            see_end(run, broken)
        finally:
            mend(cluster, mends, told)
            evidence["round"] = "\n".join(told)
        first, second = cluster.converges()
        evidence["said"] = said = plain(run.text)
        if not until(lambda: run.strays() == [], 10):
            broken.append("processes of a dead run are there after the next one")
            evidence["left"] = "\n".join(run.strays())
    evidence |= {"the next run": shortly(first), "the one after it": shortly(second)}
    broken += broken_by(said, first, second)
    if left := "".join(cluster.lab.inside(blade, LEFT) for blade in services.blades):
        broken.append("something is on trial for ever")
        evidence["on trial"] = left
    lasting = [each for each in services.things if each.kind != "trials"]
    if missing := absent(cluster, lasting):
        broken.append("something of a service has not come")
        evidence["missing"] = "\n".join(map(str, missing))
    return broken


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    cluster = place.cluster()
    lab = cluster.lab
    before = lab.more
    services = virgin_services(cluster)

    def run(case: Case, tally: Tally) -> None:
        evidence: dict[str, str] = {}
        started = time.monotonic()
        tally["rounds"] += 1
        broken = _round(services, case, evidence)
        count_round(tally, broken, time.monotonic() - started)
        tally["struck in the midst"] += "when it was over" not in evidence["round"]
        if lost := cluster.lost_job():
            tally["jobs lost"] += 1
            broken.append("the job is lost")
            evidence["job"] = lost
        if broken:
            raise Broken("; ".join(broken), {**evidence, **cluster.evidence()})

    try:
        yield run
    finally:
        lab.more, lab.mpi = before, False
        lab.write_plan()


FIGURES = ("rounds", "struck in the midst", "converged in one run", "0 changes after it", "jobs lost",
           "seconds of the longest round")  # fmt: skip
FIRST = Part("first", FIGURES, 3, _open, on_blades=True, least_minutes=10)
