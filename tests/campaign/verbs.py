"""Verbs of a node's life that a fault strikes: said once more, each has its end, and nothing of it is forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import Cluster, shortly
from tests.campaign.struck import mend, plain, see_end, strike
from tests.campaign.terminal import on_terminal
from tests.cluster.labs import Said

REASON = "for the campaign"
ADMIN = "fan, says the admin"
# Seconds: these verbs are shorter than runs.
MOMENTS = (3.0, 10.0)


@dataclass(frozen=True)
class Verb:
    """`words` after `provision`, for this blade and this folder; `ended` says what is not as the verb promises."""

    words: Callable[[str, Path], list[str]]
    ended: Callable[[Cluster, str, Path], str]
    first: Callable[[str], list[str]] | None = None


def _drained(cluster: Cluster, blade: str, folder: Path) -> str:
    words = cluster.lab.ask(f"scontrol show node {blade.lower()}")
    is_ours = "DRAIN" in words and f"Reason=provision: drain: {REASON}" in words
    return "" if is_ours else f"{blade} is not drained: {words}"


def _idle(cluster: Cluster, blade: str, folder: Path) -> str:
    state = cluster.lab.state(blade, "idle", 60)
    return "" if state == "idle" else f"{blade} is {state}"


def _gone(cluster: Cluster, blade: str, folder: Path) -> str:
    if blade in cluster.lab.states():
        return f"{blade} is a member"
    return "slurmd runs there" if cluster.lab.tried(blade, "pgrep -x slurmd").code == 0 else ""


def _kept(cluster: Cluster, blade: str, folder: Path) -> str:
    if cluster.lab.tried(cluster.lab.controller, "scontrol ping | grep -q 'is UP'").code:
        return "slurmctld is away"
    found = sorted(folder.glob("*.tar"))
    if not found:
        return "there is no backup"
    unpacked = folder / "unpacked"
    said = cluster.lab.provision("restore", str(found[-1]), f"--extract={unpacked}")
    return "" if said.code == 0 and any(unpacked.rglob("nodes.json")) else f"the backup is not whole: {said.text}"


def _drain(blade: str, folder: Path | None = None) -> list[str]:
    return ["drain", blade, f"--reason={REASON}"]


VERBS = {
    "drain": Verb(_drain, _drained),
    "resume": Verb(lambda blade, folder: ["resume", blade], _idle, first=_drain),
    "release": Verb(lambda blade, folder: ["release", blade], _gone),
    "backup": Verb(lambda blade, folder: ["backup", "--plain", f"--to={folder}"], _kept),
}


def _struck(cluster: Cluster, random: Random, folder: Path, evidence: dict[str, str]) -> list[str]:
    """One verb that is struck, and the same verb once more; returns the promises that broke."""
    name = random.choice(list(VERBS))
    verb, blade = VERBS[name], random.choice(cluster.targets)
    told: list[str] = []
    broken: list[str] = []
    evidence["verb"] = f"{name} {blade}"
    if verb.first and (said := cluster.lab.provision(*verb.first(blade))).code != 0:
        return [f"what comes before it ends with {said.code}: {said.text}"]
    words = verb.words(blade, folder)
    with on_terminal(cluster.lab, *words) as run:
        mends = []
        try:
            mends = strike(cluster, random, run, told, MOMENTS)
            if random.random() < 0.3 and run.process.poll() is None:
                told.append("a run at the same time")
                _check_other(cluster.lab.slurm(cluster.targets), broken)
            see_end(run, broken)
            if run.cursor_is_lost:
                broken.append("the cursor is lost")
        finally:
            mend(cluster, mends, told)
            evidence["round"] = "\n".join(told)
        again = cluster.lab.provision(*words)
        evidence |= {"said": plain(run.text), "said again": again.text}
    if "Traceback" in evidence["said"] + again.text:
        broken.append("a traceback")
    if again.code != 0:
        broken.append(f"said once more {name} ends with {again.code}")
    elif wrong := verb.ended(cluster, blade, folder):
        broken.append(f"{name} said once more does not do what it promises")
        evidence["wrong"] = wrong
    return broken


def _check_other(said: Said, broken: list[str]) -> None:
    """A second one is turned away, or finds the lock free and meets what was struck."""
    if said.code not in (0, 1, 3, 4):
        broken.append(f"a run at the same time ends with {said.code}")
    if "Traceback" in said.text:
        broken.append("a traceback")


def _whole_again(cluster: Cluster, evidence: dict[str, str]) -> list[str]:
    """Resumed and a member again by one run, without a drain of ours that nobody thinks of."""
    cluster.lab.provision("resume", ",".join(cluster.targets))
    first, second = cluster.converges()
    evidence |= {"the run after it": shortly(first), "the one after that": shortly(second)}
    if first.code != 0:
        return ["one run does not make it whole"]
    broken = ["the run after it changes something"] if second.code != 0 or second.json["changed"] != 0 else []
    left = cluster.lab.ask("sinfo --noheader --list-reasons --format='%n %E'")
    return [*broken, *([f"a drain is left: {left}"] if "provision:" in left else [])]


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    cluster = place.cluster()
    # What is struck has no use for them, and each case would wait for what the one before it switched on.
    cluster.lab.more, cluster.lab.accounting = {}, False
    cluster.lab.write_plan()
    cluster.converges()

    def run(case: Case, tally: Tally) -> None:
        evidence: dict[str, str] = {}
        folder = place.folder / f"backup-{case.number}"
        folder.mkdir(mode=0o700)
        random, started = case.random(), time.monotonic()
        tally["tried"] += 1
        admin = cluster.keeper.lower()
        with_admin = random.random() < 0.3
        if with_admin:
            cluster.lab.ask(f"scontrol update nodename={admin} state=drain reason='{ADMIN}'")
        try:
            broken = _struck(cluster, random, folder, evidence)
            tally["ended as promised"] += not broken
            if with_admin and f"Reason={ADMIN}" not in cluster.lab.ask(f"scontrol show node {admin}"):
                broken.append("an admin's drain is gone")
        finally:
            if with_admin:
                cluster.lab.ask(f"scontrol update nodename={admin} state=resume; true")
        broken += _whole_again(cluster, evidence)
        tally["tracebacks"] += "a traceback" in broken
        tally["seconds of the longest"] = max(tally["seconds of the longest"], round(time.monotonic() - started))
        if lost := cluster.lost_job():
            tally["jobs lost"] += 1
            broken.append("the job is lost")
            evidence["job"] = lost
        if broken:
            evidence |= cluster.evidence()
            evidence["afterwards"] = cluster.recover()
            raise Broken("; ".join(broken), evidence)

    yield run


FIGURES = ("tried", "ended as promised", "jobs lost", "tracebacks", "seconds of the longest")
VERB_FAULTS = Part("verbs", FIGURES, 3, _open, on_blades=True)
