"""The report of `provision verify --deep`: a row for each thing that a user does."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from provisioner.cli.output import print_table
from provisioner.cli.summary import print_words
from provisioner.console_text import one_line
from provisioner.slurm.deep import FAILED, NOT_TRIED, OK, Report, Row

_STYLE = {OK: "green", FAILED: "bold red", NOT_TRIED: "yellow"}


def print_deep(console: Console, found: Report, quiet: bool = False) -> None:
    """The table, and below it for each thing that does not work why, what Slurm said and the next step.

    Args:
        quiet: leaves out what works.
    """
    rows = found.failed() if quiet else found.rows
    if rows:
        where = f" in partition {found.partition}" if found.partition else ""
        console.print(f"what a user does, tried as {found.account}{where}:")
        print_table(console, _table(rows))
    for row in found.failed():
        console.print()
        console.print(f"{row.what}: {row.words}", style="bold red")
        print_words(console, row.evidence, row.words)
        console.print(f"  next: {row.next_step}", soft_wrap=True)
    for row in () if quiet else found.rows:
        if row.hosts:
            console.print()
            _print_measured(console, row)
    console.print()


def _print_measured(console: Console, row: Row) -> None:
    """Where the ranks of an MPI program were, and what it measured."""
    console.print(f"{row.what}: {rank_words(row.hosts)}", soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("measured", "bytes", "time", "rate"):
        table.add_column(column, justify="left" if column == "measured" else "right")
    for one in row.figures:
        rate = one.mb_per_second
        table.add_row(one.what, f"{one.bytes:,}", f"{one.usec:,.1f} us", "" if rate is None else f"{rate:,.0f} MB/s")
    print_table(console, table)


def rank_words(hosts: Sequence[str]) -> str:
    """`ranks 0-1 on bld-002, 2-3 on bld-003`."""
    runs: list[tuple[str, int, int]] = []
    for rank, host in enumerate(hosts):
        if runs and runs[-1][0] == host:
            runs[-1] = (host, runs[-1][1], rank)
        else:
            runs.append((host, rank, rank))
    named = (f"{first if first == last else f'{first}-{last}'} on {host}" for host, first, last in runs)
    return f"ranks {', '.join(named)}"


def _table(rows: tuple[Row, ...] | list[Row]) -> Table:
    """What was not tried for one reason is one row."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("what", "command", "result", "time", "seen"):
        table.add_column(column, justify="right" if column == "time" else "left")
    reasons = [row.words for row in rows if row.result == NOT_TRIED]
    shown: set[str] = set()
    for row in rows:
        cells = [row.what, row.command]
        if row.result == NOT_TRIED and reasons.count(row.words) > 1:
            if row.words in shown:
                continue
            shown.add(row.words)
            alike = [each.what for each in rows if each.result == NOT_TRIED and each.words == row.words]
            cells = [", ".join(alike), ""]
        seen = "see below" if row.result == FAILED else one_line(row.words)
        table.add_row(*cells, Text(row.result, style=_STYLE[row.result]), f"{row.seconds:.1f} s", seen)
    return table
