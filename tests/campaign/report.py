"""What a campaign found, for a person and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.tables import table
from tests.campaign.case import Failure, Result

_SHOWN_LINES = 30


def tables(results: Sequence[Result]) -> str:
    """A row per figure, a column per release; parts that no release makes different have one column for all."""
    releases = sorted({result.release for result in results})
    names = {result.part.name: result.part for result in results}
    rows = []
    for name, part in names.items():
        its = {result.release: result for result in results if result.part.name == name}
        for figure in (*part.figures, "seconds"):
            cells = [_cell(its[release], figure) if release in its else "" for release in releases]
            rows.append((f"{name}: {figure}", *cells))
        broken = (str(its[release].broken) if release in its else "" for release in releases)
        rows.append((f"{name}: promises broken", *broken))
    return table(("what", *(release or "any release" for release in releases)), rows)


def _cell(result: Result, figure: str) -> str:
    return f"{result.seconds:.0f}" if figure == "seconds" else str(result.tally[figure])


def told(failure: Failure) -> str:
    """A failure as it is printed: the sentence, the evidence, the command that repeats it."""
    lines = [f"{failure.case}: {failure.sentence}"]
    for name, text in failure.evidence.items():
        shown = text.strip().splitlines()
        lines.append(f"  {name}:")
        if len(shown) > _SHOWN_LINES:
            lines.append(f"    ... {len(shown) - _SHOWN_LINES} lines before")
        lines += [f"    {line}" for line in shown[-_SHOWN_LINES:]]
    return "\n".join([*lines, f"  again: {failure.case.repeat}"])


def as_dict(results: Sequence[Result], seed: int) -> dict[str, Any]:
    """The same for a program."""
    return {
        "seed": seed,
        "parts": [
            {
                "part": result.part.name,
                "release": result.release,
                "seconds": round(result.seconds, 1),
                "figures": {figure: result.tally[figure] for figure in result.part.figures},
                "broken": result.broken,
                "failures": [
                    {
                        "case": str(one.case),
                        "sentence": one.sentence,
                        "again": one.case.repeat,
                        "evidence": one.evidence,
                    }
                    for one in result.failures
                ],
            }
            for result in results
        ],
    }


def write(results: Sequence[Result], seed: int, file: Path) -> None:
    """Puts it into a file, which is never seen half written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(as_dict(results, seed), indent=1) + "\n")
    new.replace(file)
