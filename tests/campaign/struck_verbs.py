"""Verbs of a node's life that something happens to: said once more, each has its end, and nothing is forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import Cluster, shortly
from tests.campaign.full_disk import empty_folder, fill_folder
from tests.campaign.incidents import ADMIN, WITH_KEYS, Incident, Scene, full
from tests.campaign.promises import forgotten_drains
from tests.campaign.rounds import turn
from tests.campaign.struck import mend, plain, see_end
from tests.campaign.terminal import on_terminal
from tests.campaign.verbs import VERBS
from tests.cluster.labs import Said

# Seconds: these verbs are shorter than runs.
MOMENTS = (3.0, 10.0)
# Where the backup goes there may be no room.
FULL_FOLDER = "backup folder full"


def _incidents(folder: Path) -> dict[str, Incident]:
    def fill_backup(cluster: Cluster, blade: str) -> None:
        fill_folder(folder)

    def empty_backup(cluster: Cluster, blade: str) -> None:
        empty_folder(folder)

    return {**WITH_KEYS, FULL_FOLDER: full(fill_backup, empty_backup, on_controller=True)}


def _struck(
    cluster: Cluster, case: Case, random: Random, folder: Path, evidence: dict[str, str]
) -> tuple[list[str], str]:
    """One verb to which something happens, and the same verb once more, or what undoes it.

    Returns:
        The promises that broke, and the blade that is to be drained now, '' for none.
    """
    incidents = _incidents(folder)
    kind = turn(incidents, case)
    name = "backup" if kind == FULL_FOLDER else random.choice(list(VERBS))
    verb, blade = VERBS[name], random.choice(cluster.targets)
    words = verb.words(blade, folder)
    others = (words, ["slurm"], ["backup", "--plain", f"--to={folder}"])
    scene = Scene(cluster, random, MOMENTS, others, told=[f"provision {' '.join(words)}: {kind}"])
    evidence["verb"] = f"{name} {blade}: {kind}"
    verb.first(cluster, blade, folder)
    mends = incidents[kind].before(scene)
    with on_terminal(cluster.lab, *words) as run:
        try:
            mends = [*incidents[kind].during(scene, run), *mends]
            if random.random() < 0.3 and run.process.poll() is None:
                scene.told.append("a run at the same time")
                _check_other(cluster.lab.slurm(cluster.targets), scene.broken)
            see_end(run, scene.broken)
            if run.cursor_is_lost:
                scene.broken.append("the cursor is lost")
        finally:
            mend(cluster, mends, scene.told)
            evidence["round"] = "\n".join(scene.told)
        is_undone = verb.undone and random.random() < 0.3
        again = cluster.lab.provision(*(["resume", blade] if is_undone else words))
        evidence |= {"said": plain(run.text), "said again": again.text}
    evidence |= {f"said {number}": said.text for number, said in enumerate(scene.said)}
    if any("Traceback" in text for text in evidence.values()):
        scene.broken.append("a traceback")
    meant = blade if verb.drains and not is_undone else ""
    is_gone = is_undone and blade not in cluster.lab.states()
    if again.code == 0 or is_gone:
        if not is_undone and (wrong := verb.ended(cluster, blade, folder)):
            scene.broken.append(f"{name} said once more does not do what it promises")
            evidence["wrong"] = wrong
        # Before a run or `provision resume` could take it back.
        if forgotten := forgotten_drains(cluster, meant):
            scene.broken.append(f"a drain is forgotten: {forgotten}")
    elif not verb.over or verb.over not in again.text:
        scene.broken.append(f"{'undone' if is_undone else 'said once more'} {name} ends with {again.code}")
    return scene.broken, meant


def _check_other(said: Said, broken: list[str]) -> None:
    """A second one is turned away, or finds the lock free and meets what was struck."""
    if said.code not in (0, 1, 3, 4):
        broken.append(f"a run at the same time ends with {said.code}")
    if "Traceback" in said.text:
        broken.append("a traceback")


def _whole_again(cluster: Cluster, meant: str, evidence: dict[str, str]) -> list[str]:
    """Whole by one run, once the drain that is `meant` is ended, and without any other of ours."""
    broken = []
    if meant and (said := cluster.lab.provision("resume", meant)).code != 0:
        broken.append(f"the drain is not ended: {said.text}")
    first, second = cluster.converges()
    evidence |= {"the run after it": shortly(first), "the one after that": shortly(second)}
    if first.code != 0:
        return [*broken, "one run does not make it whole"]
    if second.code != 0 or second.json["changed"] != 0:
        broken.append("the run after it changes something")
    return [*broken, *([f"a drain is left: {left}"] if (left := forgotten_drains(cluster)) else [])]


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
            broken, meant = _struck(cluster, case, random, folder, evidence)
            tally["ended as promised"] += not broken
            if with_admin and f"Reason={ADMIN}" not in cluster.lab.ask(f"scontrol show node {admin}"):
                broken.append("an admin's drain is gone")
        finally:
            if with_admin:
                cluster.lab.ask(f"scontrol update nodename={admin} state=resume; true")
        broken += _whole_again(cluster, meant, evidence)
        tally["tracebacks"] += "a traceback" in broken
        tally["seconds of the longest"] = max(tally["seconds of the longest"], round(time.monotonic() - started))
        if lost := cluster.lost_job():
            tally["jobs lost"] += 1
            broken.append("the job is lost")
            evidence["job"] = lost
        if broken:
            evidence |= cluster.evidence()
            cluster.lab.provision("resume", ",".join(cluster.targets))
            evidence["afterwards"] = cluster.recover()
            raise Broken("; ".join(broken), evidence)

    yield run


FIGURES = ("tried", "ended as promised", "jobs lost", "tracebacks", "seconds of the longest")
VERB_FAULTS = Part("verbs", FIGURES, 3, _open, on_blades=True)
