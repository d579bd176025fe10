"""Rounds of verbs that work on a cluster at work, as its parts of the campaign have them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import Cluster
from tests.campaign.incidents import Incident, Scene
from tests.campaign.one_round import Deed, One

FIGURES = ("rounds", "ended by the same words", "ended by a run", "0 changes after it", "jobs lost", "drains lost",
           "tracebacks", "seconds of the longest round")  # fmt: skip
# Makes the deed of a round; what it chose is added to the list.
Prepare = Callable[[Cluster, Random, Path, list[str]], Deed]


def turn(incidents: Mapping[str, Incident], case: Case) -> str:
    """What happens in a round: each has its turn, in an order of the seed."""
    names = sorted(incidents)
    Random(f"{case.seed}:{case.part}").shuffle(names)
    return names[case.number % len(names)]


@dataclass(frozen=True)
class Rounds:
    """How the rounds of a part go. `drained` are the blades that an admin may drain, `moments` when things happen."""

    prepare: Prepare
    moments: tuple[float, ...]
    incidents: Mapping[str, Incident]
    more: Mapping[str, Any]
    drained: Callable[[Cluster], list[str]]

    @contextmanager
    def open(self, place: Place) -> Iterator[Run]:
        """The cluster with what the plan says in this part."""
        cluster = place.cluster()
        self._say(cluster, self.more)

        def run(case: Case, tally: Tally) -> None:
            folder = place.folder / str(case.number)
            folder.mkdir(mode=0o700)
            self._round(cluster, case, folder, tally)

        try:
            yield run
        finally:
            cluster.lab.more = {}
            cluster.lab.write_plan()

    def _say(self, cluster: Cluster, more: Mapping[str, Any]) -> None:
        cluster.lab.more, cluster.lab.accounting = dict(more), False
        cluster.lab.write_plan()
        said = cluster.lab.slurm([*cluster.targets, cluster.keeper])
        if said.code != 0:
            raise Broken("the cluster does not converge before anything happened", {"said": said.text})

    def _round(self, cluster: Cluster, case: Case, folder: Path, tally: Tally) -> None:
        started, random = time.monotonic(), case.random()
        tally["rounds"] += 1
        told: list[str] = []
        deed = self.prepare(cluster, random, folder, told)
        admin = random.choice(self.drained(cluster)) if random.random() < 0.3 else ""
        one = One(Scene(cluster, random, self.moments, deed.others, told), deed, admin, tally)
        kind = turn(self.incidents, case)
        broken = one.run(kind, self.incidents[kind])
        tally["tracebacks"] += "a traceback" in broken
        longest = "seconds of the longest round"
        tally[longest] = max(tally[longest], round(time.monotonic() - started))
        if broken:
            evidence = one.evidence | cluster.evidence()
            raise Broken("; ".join(broken), {**evidence, "afterwards": cluster.recover()})


def part_of(name: str, rounds: Rounds) -> Part:
    """The part of the campaign that these rounds are: minutes each, so a short campaign is without it."""
    return Part(name, FIGURES, 3, rounds.open, on_blades=True, least_minutes=30)
