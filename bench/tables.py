"""Markdown tables and the words for figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first are set to the right."""
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows))


def spread(found: Mapping[str, Any], digits: int = 2) -> str:
    """`3.10 (2.90-4.00)`: the median, least and greatest; the median alone where all are equal."""
    median, least, most = (f"{found[key]:.{digits}f}" for key in ("median", "min", "max"))
    return median if least == most else f"{median} ({least}-{most})"


def count(found: Mapping[str, Any] | None) -> str:
    """A count that is the same in every round, or its spread; a dash when nothing was counted."""
    return spread(found, 0) if found else "-"
