"""Attacks the project with random cases until the time is over, and says which promises broke.

    python -m tests.campaign --minutes 60 --os bookworm,trixie
    python -m tests.campaign --seed 7 --case disks:12

The seed is printed; the same one makes the same cases. Ends with 1 when a promise broke.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import SystemRandom
from types import FrameType

from tests.campaign.case import Case, Part, Place, Result
from tests.campaign.cluster import Cluster, cluster
from tests.campaign.disks import DISKS
from tests.campaign.first_time import FIRST
from tests.campaign.folder import campaign_folder
from tests.campaign.kills import KILLS
from tests.campaign.live import LIVE
from tests.campaign.nodes import NODES
from tests.campaign.plans import PLANS
from tests.campaign.report import tables, told, write
from tests.campaign.restores import RESTORE
from tests.campaign.rolls import ROLLING
from tests.campaign.rotations import ROTATE
from tests.campaign.schedule import cases, run_part, seconds_for, turns
from tests.campaign.settings import SETTINGS
from tests.campaign.struck_verbs import VERB_FAULTS
from tests.cluster.labs import STATE_HOME

_ON_CLUSTERS = (LIVE, NODES, KILLS, VERB_FAULTS, FIRST, ROTATE, ROLLING, RESTORE)
PARTS = {part.name: part for part in (DISKS, PLANS, SETTINGS, *_ON_CLUSTERS)}
RELEASES = ("bookworm", "trixie")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaign", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=2, help="all parts together; one case of each at least (2)")
    parser.add_argument("--parts", type=_parts, help=f"of {','.join(PARTS)}; all that there is time for")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="default: a random one")
    parser.add_argument("--os", type=_releases, default=("bookworm",), help="bookworm,trixie (bookworm)")
    parser.add_argument("--nodes", type=int, choices=range(2, 16), default=2, help="compute nodes of a lab (2)")
    parser.add_argument("--case", type=_case, help="this one alone, such as kills:3")
    parser.add_argument("--results", type=Path, default=STATE_HOME / "campaign" / "results.json", help="%(default)s")
    wanted = parser.parse_args(given)
    if wanted.parts is None:
        wanted.parts = tuple(part for part in PARTS.values() if part.least_minutes <= wanted.minutes)
    return wanted


def _parts(text: str) -> tuple[Part, ...]:
    if unknown := set(text.split(",")) - PARTS.keys():
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return tuple(part for name, part in PARTS.items() if name in text.split(","))


def _releases(text: str) -> tuple[str, ...]:
    if unknown := set(text.split(",")) - set(RELEASES):
        raise argparse.ArgumentTypeError(f"no such release: {', '.join(sorted(unknown))}")
    return tuple(text.split(","))


def _case(text: str) -> tuple[Part, int]:
    name, _, number = text.partition(":")
    if name not in PARTS or not number.isdigit():
        raise argparse.ArgumentTypeError("PART:NUMBER, such as kills:3")
    return PARTS[name], int(number)


class Clusters:
    """The cluster of one release after the other: made when the first part wants it, and shared by the others."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self.release = ""
        self.stack = ExitStack()

    def of(self, release: str, folder: Path) -> Cluster:
        """The cluster of this release; the one of another release is gone then."""
        if release != self.release:
            self.stack.close()
            self.made = self.stack.enter_context(cluster(release, self.nodes, folder))
            self.release = release
        return self.made


def campaign(wanted: argparse.Namespace, folder: Path, clusters: Clusters, results: list[Result]) -> None:
    """Runs what is wanted, part by part; progress and failures go to standard error as they come.

    `results` grows as parts begin, so that one which is stopped has its figures too.
    """
    parts, numbers = wanted.parts, None
    if wanted.case:
        parts, numbers = (wanted.case[0],), [wanted.case[1]]
    left = turns(parts, wanted.os)
    end = time.monotonic() + wanted.minutes * 60
    while left:
        part, release = left[0]
        deadline = time.monotonic() + seconds_for(left[0], left, end - time.monotonic())
        left = left[1:]
        result = Result(part, release)
        results.append(result)
        where = f"{part.name} on {release}" if release else part.name
        _say(f"{where}: {max(0, deadline - time.monotonic()):.0f} s")
        its = folder / where.replace(" ", "-")
        its.mkdir()
        place = Place(its, partial(clusters.of, release, folder))
        first = Case(part.name, 0, wanted.seed, release, wanted.nodes if release else 0)
        chosen = cases(first, numbers)
        run_part(result, chosen, place, deadline, lambda failure: _say(told(failure)))
        _say(f"{where}: " + ", ".join(f"{figure} {result.tally[figure]}" for figure in part.figures))
        write(results, wanted.seed, wanted.results)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    """A signal ends the campaign as Ctrl-C does: its lab goes down."""
    raise KeyboardInterrupt


def main() -> None:
    """Runs the campaign, prints its figures and ends with 1 when a promise broke."""
    wanted = arguments()
    signal.signal(signal.SIGTERM, _stop)
    _say(f"seed {wanted.seed}")
    results: list[Result] = []
    clusters = Clusters(wanted.nodes)
    stopped = False
    with campaign_folder() as folder, clusters.stack:
        try:
            campaign(wanted, folder, clusters, results)
        except KeyboardInterrupt:
            stopped = True
            write(results, wanted.seed, wanted.results)
            _say("stopped; what was found until now:")
    print(tables(results))
    for failure in (failure for result in results for failure in result.failures):
        print(f"broken: {failure.case}: {failure.sentence}; again: {failure.case.repeat}")
    print(f"seed {wanted.seed}; all of it: {wanted.results}")
    sys.exit(1 if stopped or any(result.broken for result in results) else 0)


if __name__ == "__main__":
    main()
