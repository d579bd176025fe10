"""Measures how long things take, against floors measured in the same session on the same blades.

    python -m bench --parts first,no-change,accounting,services,display,more-roles,accounts,health,render,commands,page

Writes bench/results.json and the tables of docs/performance.md. A part that is not named keeps its figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.accounts import measure_accounts
from bench.commands import measure_commands
from bench.display import measure_display
from bench.health import measure_health
from bench.lab import BenchLab, bench_lab
from bench.more_roles import measure_more_roles
from bench.page import measure_page
from bench.plans import measure_plans
from bench.render import measure_render
from bench.report import publish, tables
from bench.results import read_results, signed, write_section
from bench.runs import measure_first, measure_no_change

ALONE = {"render": measure_render, "commands": measure_commands, "page": measure_page}
ON_BLADES: dict[str, Callable[[BenchLab, int, int], dict[str, Any]]] = {
    "first": measure_first,
    "no-change": measure_no_change,
    "accounting": partial(measure_plans, "accounting"),
    "services": partial(measure_plans, "services"),
    "display": measure_display,
    "more-roles": measure_more_roles,
    "accounts": measure_accounts,
    "health": measure_health,
}
PARTS = (*ON_BLADES, *ALONE)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=_parts, default=PARTS, help=f"of {','.join(PARTS)}; default: all")
    parser.add_argument("--rounds", type=_count, default=5, help="rounds of all but the first runs (%(default)s)")
    parser.add_argument("--first-rounds", type=_count, default=5, help="first runs: minutes each (%(default)s)")
    parser.add_argument("--sizes", type=_sizes, default=(2, 7, 15), help="compute blades (2,7,15)")
    parser.add_argument("--os", default="bookworm", choices=("bookworm", "trixie"), help="the blades' Debian")
    parser.add_argument("--keep", action="store_true", help="leave the lab running")
    return parser.parse_args(given)


def _parts(text: str) -> tuple[str, ...]:
    unknown = set(text.split(",")) - set(PARTS)
    if unknown:
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return tuple(part for part in PARTS if part in text.split(","))


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    """Growing, so that the registry never knows more blades than are measured."""
    sizes = sorted({_count(word) for word in text.split(",")})
    if sizes[-1] > 15:
        raise argparse.ArgumentTypeError("the lab has 15 compute blades")
    return tuple(sizes)


def measure_on_blades(lab: BenchLab, wanted: argparse.Namespace, parts: Sequence[str]) -> None:
    """The parts that need a lab; what is measured is kept after every size."""
    found: dict[str, dict[str, Any]] = {part: {} for part in parts}
    for compute in wanted.sizes:
        for part in parts:
            found[part][str(compute)] = ON_BLADES[part](
                lab, compute, wanted.first_rounds if part == "first" else wanted.rounds
            )
            write_section(part, signed({"release": wanted.os, "sizes": found[part]}))


def main() -> None:
    """Measures the wanted parts and prints their tables."""
    wanted = arguments()
    for part, measured in ALONE.items():
        if part in wanted.parts:
            write_section(part, signed(measured(wanted.rounds)))
    parts = [part for part in ON_BLADES if part in wanted.parts]
    if parts:
        lab = BenchLab()
        with bench_lab(lab, lab.members(max(wanted.sizes)), wanted.os, wanted.keep):
            measure_on_blades(lab, wanted, parts)
    print(tables(read_results()))
    publish()


if __name__ == "__main__":
    main()
