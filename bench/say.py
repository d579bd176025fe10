"""Progress for the person who waits."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """A line of progress; what was measured goes to standard output."""
    print(line, file=sys.stderr, flush=True)
