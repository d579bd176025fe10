"""The report of `provision verify --deep`: a row for each thing that a user does."""

from __future__ import annotations

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
    console.print()


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
