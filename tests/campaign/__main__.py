"""Attacks the project with random cases until the time is over, and says which promises broke.

    python -m tests.campaign --minutes 60 --os bookworm,trixie
    python -m tests.campaign --seed 7 --case disks:12

The seed is printed; the same one makes the same cases. Ends with 1 when a promise broke.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

from tests.campaign.case import Part, Result
from tests.campaign.disks import DISKS
from tests.campaign.kills import KILLS
from tests.campaign.nodes import NODES
from tests.campaign.plans import PLANS
from tests.campaign.report import tables, told, write
from tests.campaign.live import LIVE
from tests.campaign.schedule import cases, run_cases, seconds_for, turns
from tests.campaign.settings import SETTINGS
from tests.cluster.labs import STATE_HOME

PARTS = {part.name: part for part in (DISKS, PLANS, SETTINGS, LIVE, NODES, KILLS)}
RELEASES = ("bookworm", "trixie")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaign", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3, help="all parts together; one case of each at least (3)")
    parser.add_argument("--parts", type=_parts, default=tuple(PARTS.values()), help=f"of {','.join(PARTS)}; all")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="default: a random one")
    parser.add_argument("--os", type=_releases, default=("bookworm",), help="bookworm,trixie (bookworm)")
    parser.add_argument("--case", type=_case, help="this one alone, such as kills:3")
    parser.add_argument("--results", type=Path, default=STATE_HOME / "campaign" / "results.json", help="%(default)s")
    return parser.parse_args(given)


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


def campaign(wanted: argparse.Namespace) -> list[Result]:
    """Runs what is wanted; progress and failures go to standard error as they come."""
    parts, numbers = wanted.parts, None
    if wanted.case:
        parts, numbers = (wanted.case[0],), [wanted.case[1]]
    left = turns(parts, wanted.os)
    end = time.monotonic() + wanted.minutes * 60
    results = []
    while left:
        part, release = left[0]
        deadline = time.monotonic() + seconds_for(left[0], left, end - time.monotonic())
        left = left[1:]
        result = Result(part, release)
        results.append(result)
        _say(f"{part.name}{f' on {release}' if release else ''}: {max(0, deadline - time.monotonic()):.0f} s")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="campaign-")))
            run = stack.enter_context(part.open(release, folder))
            wanted_cases = cases(part, wanted.seed, release, numbers)
            run_cases(result, wanted_cases, run, deadline, lambda failure: _say(told(failure)))
        _say(f"{part.name}: " + ", ".join(f"{figure} {result.tally[figure]}" for figure in part.figures))
    return results


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Runs the campaign, prints its figures and ends with 1 when a promise broke."""
    wanted = arguments()
    _say(f"seed {wanted.seed}")
    results = campaign(wanted)
    write(results, wanted.seed, wanted.results)
    print(tables(results))
    broken = [failure for result in results for failure in result.failures]
    for failure in broken:
        print(f"broken: {failure.case}: {failure.sentence}; again: {failure.case.repeat}")
    print(f"seed {wanted.seed}; all of it: {wanted.results}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
