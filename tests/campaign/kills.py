"""Rounds: something is wrong, a run begins, a fault strikes at a moment of chance; then ONE run has to mend it all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import Cluster, shortly
from tests.campaign.declared import declare, lost_accounts
from tests.campaign.disturbances import DISTURBANCES
from tests.campaign.records import lost_records, record_jobs
from tests.campaign.services import services
from tests.campaign.struck import Mends, count_round, mend, plain, see_end, some_blade, strike
from tests.campaign.terminal import on_terminal
from tests.cluster.labs import Said
from tests.cluster.waiting import until


def _disturb(cluster: Cluster, random: Random, told: list[str]) -> Mends:
    """One or two things that are wrong; returns what mends those that no run has to mend, the last one first."""
    mends: Mends = []
    for name in random.sample(list(DISTURBANCES), random.choice((1, 1, 2))):
        disturbance = DISTURBANCES[name]
        blade = some_blade(cluster, random, disturbance.on_controller)
        try:
            disturbance.harm(cluster, blade)
        except AssertionError as error:  # two that do not go together, such as a script on a blade that is off
            told.append(f"{name} on {blade} was not possible: {str(error)[:200]}")
            continue
        told.append(f"{name} on {blade}")
        if disturbance.mend:
            mends.insert(0, (disturbance.mend, blade))
    return mends


def _killed_run(cluster: Cluster, random: Random, evidence: dict[str, str]) -> list[str]:
    """The disturbed run that is struck; the world is right again afterwards. Returns the promises it broke."""
    told: list[str] = []
    broken: list[str] = []
    record_jobs(cluster)
    # Switched on or off by the run that is struck, where the round before had the other.
    cluster.lab.accounting = random.choice((True, False))
    cluster.lab.more = services(random)
    cluster.lab.write_plan()
    told.append(f"the plan {'has' if cluster.lab.accounting else 'has no'} accounting, and {cluster.lab.more}")
    told.append(f"the accounts file: {declare(cluster, random)}")
    mends = _disturb(cluster, random, told)
    words = random.choice(([], [], ["--full"]))
    with on_terminal(cluster.lab, "slurm", f"--nodes={','.join(cluster.targets)}", *words) as run:
        try:
            mends = [*strike(cluster, random, run, told), *mends]
            see_end(run, broken)
            if run.cursor_is_lost:
                broken.append("the cursor is lost")
        finally:
            mend(cluster, mends, told)
            evidence["round"] = "\n".join(told)
        # the next run starts at once: what a dead one left is its business
        first, second = cluster.converges()
        said = run.text
        evidence["said"] = plain(said)
        if not until(lambda: run.strays() == [], 10):
            broken.append("processes of a dead run are there after the next one")
            evidence["left"] = "\n".join(run.strays())
    evidence |= {"the next run": shortly(first), "the one after it": shortly(second)}
    return broken + broken_by(said, first, second)


def broken_by(said: str, first: Said, second: Said) -> list[str]:
    """The promises that the run that was struck, the next one or the one after it have broken by what they said."""
    broken = ["a traceback"] if "Traceback" in said + first.text + second.text else []
    if first.code != 0 or not first.json.get("verified"):
        broken.append("one run does not mend it")
    elif second.code != 0 or second.json["changed"] != 0:
        broken.append("the run after it changes something")
    return broken


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    cluster = place.cluster()

    def run(case: Case, tally: Tally) -> None:
        evidence: dict[str, str] = {}
        started = time.monotonic()
        tally["rounds"] += 1
        broken = _killed_run(cluster, case.random(), evidence)
        mended = count_round(tally, broken, time.monotonic() - started)
        tally["tracebacks"] += "a traceback" in broken
        tally["cursors lost"] += "the cursor is lost" in broken
        if lost := cluster.lost_job():
            tally["jobs lost"] += 1
            broken.append("the job is lost")
            evidence["job"] = lost
        tally["with accounting"] += bool(cluster.lab.accounting)
        if mended and (gone := lost_records(cluster)):
            tally["records lost"] += 1
            broken.append("records of jobs are lost")
            evidence["records"] = gone
        if mended and (gone := lost_accounts(cluster)):
            tally["accounts lost"] += 1
            broken.append("accounts are lost")
            evidence["accounts"] = gone
        if broken:
            evidence |= cluster.evidence()
            if lost or not mended:
                evidence["afterwards"] = cluster.recover()
            raise Broken("; ".join(broken), evidence)

    yield run


FIGURES = ("rounds", "converged in one run", "0 changes after it", "jobs lost", "with accounting", "records lost",
           "accounts lost", "cursors lost", "tracebacks", "seconds of the longest round")  # fmt: skip
KILLS = Part("kills", FIGURES, 6, _open, on_blades=True)
