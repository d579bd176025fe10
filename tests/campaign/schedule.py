"""Which part gets how much time, and the loop over its cases."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

from tests.campaign.case import Broken, Case, Failure, Part, Result, Run

Clock = Callable[[], float]


def turns(parts: Sequence[Part], releases: Sequence[str]) -> list[tuple[Part, str]]:
    """Every part with its release, '' for those that no release makes different; one lab after the other."""
    alone = [(part, "") for part in parts if not part.on_blades]
    return [*alone, *((part, release) for release in releases for part in parts if part.on_blades)]


def seconds_for(turn: tuple[Part, str], left: Sequence[tuple[Part, str]], seconds: float) -> float:
    """The share of a turn in what is left of the time; what an earlier one did not use is spread over the rest."""
    return seconds * turn[0].share / sum(part.share for part, _ in left)


def cases(part: Part, seed: int, release: str, numbers: Iterable[int] | None = None) -> Iterator[Case]:
    """The cases of a part, without end unless their numbers are given."""
    for number in numbers if numbers is not None else count():
        yield Case(part.name, number, seed, release)


def run_cases(
    result: Result,
    wanted: Iterable[Case],
    run: Run,
    deadline: float,
    tell: Callable[[Failure], None],
    clock: Clock = time.monotonic,
) -> None:
    """Runs cases until the deadline, but one at least; a failure is told at once and does not stop the others."""
    started = clock()
    for case in wanted:
        try:
            run(case, result.tally)
        except Broken as broken:
            failure = Failure(case, broken.sentence, broken.evidence)
        except Exception:  # a fault of the campaign or of a tool is a failure too, and not the end
            failure = Failure(case, "the case itself stopped", {"traceback": traceback.format_exc()})
        else:
            failure = None
        if failure and result.add(failure):
            tell(failure)
        if clock() >= deadline:
            break
    result.seconds += clock() - started
