"""Which part gets how much time, and the loop over its cases."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from tests.campaign.case import Broken, Case, Failure, Part, Place, Result, Run

# Characters of one piece of evidence; the end of a terminal's output says most.
LONGEST = 20_000
Clock = Callable[[], float]


def turns(parts: Sequence[Part], releases: Sequence[str]) -> list[tuple[Part, str]]:
    """Every part with its release, '' for those that no release makes different; one lab after the other."""
    alone = [(part, "") for part in parts if not part.on_blades]
    return [*alone, *((part, release) for release in releases for part in parts if part.on_blades)]


def seconds_for(turn: tuple[Part, str], left: Sequence[tuple[Part, str]], seconds: float) -> float:
    """The share of a turn in what is left of the time; what an earlier one did not use is spread over the rest."""
    return seconds * turn[0].share / sum(part.share for part, _ in left)


def cases(first: Case, numbers: Iterable[int] | None = None) -> Iterator[Case]:
    """The cases of a part, without end unless their numbers are given; `first` says all but the number."""
    for number in numbers if numbers is not None else count():
        yield replace(first, number=number)


def run_part(
    result: Result,
    wanted: Iterable[Case],
    place: Place,
    deadline: float,
    tell: Callable[[Failure], None],
    clock: Clock = time.monotonic,
) -> None:
    """Runs cases until the deadline, but one at least.

    A failure is told at once and does not stop the others; what cannot even begin is a failure of the first case.
    """
    started = clock()
    chosen = iter(wanted)
    case: Case | None = next(chosen)
    try:
        with result.part.open(place) as run:
            while case:
                _add(result, _failure(case, run, result), tell)
                case = next(chosen, None) if clock() < deadline else None
    except Exception as error:
        _add(result, _unexpected(case or Case(result.part.name, 0, 0, result.release), error), tell)
    finally:  # also when somebody stops it
        result.seconds += clock() - started


def _failure(case: Case, run: Run, result: Result) -> Failure | None:
    try:
        run(case, result.tally)
    except Exception as error:
        return _unexpected(case, error)
    return None


def _unexpected(case: Case, error: Exception) -> Failure:
    """A promise that broke; anything else is a fault of the campaign or of a tool, and a failure too."""
    if isinstance(error, Broken):
        return Failure(case, error.sentence, {name: text[-LONGEST:] for name, text in error.evidence.items()})
    return Failure(case, "the case itself stopped", {"traceback": "".join(traceback.format_exception(error))})


def _add(result: Result, failure: Failure | None, tell: Callable[[Failure], None]) -> None:
    if failure is not None and result.add(failure):
        tell(failure)
