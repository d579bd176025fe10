"""Where verbs print tables and colours to: the only place that makes a console of rich."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from provisioner.cli.streams import Unbroken
from provisioner.console_text import same_width

PIPE_WIDTH = 400
"""Columns where nobody says how many there are: lines stay whole, so that grep finds them."""

# What stands where a word was cut; by how many columns a table grows until none is, and up to how many.
_CUT, _STEP, _GROWN = "\u2026", 6, 160


class Terminal(Console):
    """A console on which no text is more than text, whoever wrote it.

    Square brackets and colons are no markup, and what does not pass for a visible character never gets out: in a
    cell, in a title, in the table that redraws itself. Styles are given as styles. Sentences go through
    `console_text` before, which shows what was in them; this is the fence behind it.
    """

    def __init__(self, stderr: bool = False, width: int | None = None) -> None:
        # The stream is fixed here, because Ansible's own chatter is kept out by redirecting sys.stdout.
        stream = sys.stderr if stderr else sys.stdout
        if width is None and not stream.isatty() and "COLUMNS" not in os.environ:
            width = PIPE_WIDTH
        file = cast(IO[str], Unbroken(stream))
        super().__init__(file=file, width=width, highlight=False, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Every piece of text, also those inside tables; what moves the cursor is rich's own."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=same_width(segment.text, self.encoding))


def print_table(console: Console, table: Table) -> None:
    """Prints a table in which nothing is cut off.

    On a terminal that is narrower than its words the lines are longer; a word that is longer still is broken.
    """
    before = console.width
    try:
        for width in range(before, max(before, _GROWN) + 1, _STEP):
            console.width = width
            with console.capture() as drawn:
                console.print(table, crop=False)
            if _CUT not in drawn.get():
                break
        else:
            console.width = before
            for column in table.columns:
                column.no_wrap, column.overflow = False, "fold"
        console.print(table, crop=False)
    finally:
        console.width = before


def console_for(as_json: bool) -> Terminal:
    """The console for people: standard output, or standard error while standard output carries JSON."""
    return Terminal(stderr=as_json)
