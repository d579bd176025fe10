"""One case of the campaign: where its choices come from, how it fails, what it adds to the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.campaign.cluster import Cluster

Tally = Counter[str]


@dataclass(frozen=True)
class Case:
    """The case `number` of a part. The same seed makes the same choices, whatever ran before it.

    `release` and `nodes`, the compute nodes of the lab, say where; '' and 0 for parts that need none.
    """

    part: str
    number: int
    seed: int
    release: str = ""
    nodes: int = 0

    def __str__(self) -> str:
        return f"{self.part}:{self.number}"

    def random(self) -> Random:
        """A generator of its own, at its beginning."""
        return Random(f"{self.seed}:{self}")

    @property
    def repeat(self) -> str:
        """The command that runs this very case again."""
        lab = f" CAMPAIGN_OS={self.release} CAMPAIGN_NODES={self.nodes}" if self.release else ""
        return f"make campaign SEED={self.seed} CASE={self}{lab}"


class Broken(Exception):
    """A promise that did not hold: a sentence, and what a person wants to see beside it by name."""

    def __init__(self, sentence: str, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.evidence = dict(evidence or {})


@dataclass(frozen=True)
class Place:
    """Where the cases of a part run: a folder that is gone afterwards, and a cluster for those that want one."""

    folder: Path
    cluster: Callable[[], Cluster]


# Runs one case: counts into the tally, raises Broken.
Run = Callable[[Case, Tally], None]
# Makes what the cases of a part run on.
Open = Callable[[Place], AbstractContextManager[Run]]


@dataclass(frozen=True)
class Part:
    """A kind of cases. `figures` are what it counts, in the order of the table; `share` its part of the time.

    A shorter campaign than `least_minutes` is without it, unless it is asked for.
    """

    name: str
    figures: tuple[str, ...]
    share: int
    open: Open
    on_blades: bool = False
    least_minutes: float = 0


KEPT = 50


@dataclass
class Failure:
    """A case that broke a promise."""

    case: Case
    sentence: str
    evidence: dict[str, str]


@dataclass
class Result:
    """What a part found on one release. Of many failures that say the same, the first is kept and all are counted."""

    part: Part
    release: str
    seconds: float = 0
    tally: Tally = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    broken: int = 0

    def add(self, failure: Failure) -> bool:
        """Counts a failure; whether it is the first that says so."""
        self.broken += 1
        if failure.sentence in {known.sentence for known in self.failures} or len(self.failures) >= KEPT:
            return False
        self.failures.append(failure)
        return True
