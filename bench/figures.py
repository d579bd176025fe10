"""Medians, spreads and growth of what was measured. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

Figures = dict[str, Any]  # {"median", "min", "max", "values"}, as it stands in results.json


def figures(values: Iterable[float]) -> Figures:
    """Median, least, greatest and all values, in the unit of the values.

    Raises:
        ValueError: there is no value.
    """
    found = [round(value, 4) for value in values]
    if not found:
        raise ValueError("nothing was measured")
    return {"median": round(statistics.median(found), 4), "min": min(found), "max": max(found), "values": found}


def ratio(ours: Mapping[str, Any], floor: Mapping[str, Any]) -> Figures:
    """Ours over the floor. Round by round where both have as many rounds, since what was measured one after the
    other met the same load; else of the medians alone."""
    if len(ours["values"]) == len(floor["values"]):
        return figures(mine / its for mine, its in zip(ours["values"], floor["values"], strict=True))
    return figures([ours["median"] / floor["median"]])


def fit(seconds: Mapping[int, float]) -> dict[str, float] | None:
    """The straight line through seconds by number of blades: `seconds = fixed + per_blade * blades`.

    `off` is the largest distance of a point from it, in seconds. None with fewer than two numbers of blades.
    """
    if len(seconds) < 2:
        return None
    line = statistics.linear_regression(list(seconds), list(seconds.values()))
    off = max(abs(took - line.intercept - line.slope * blades) for blades, took in seconds.items())
    return {"fixed": round(line.intercept, 3), "per_blade": round(line.slope, 3), "off": round(off, 3)}


def growth(small: int, small_seconds: float, large: int, large_seconds: float) -> float:
    """Seconds per node at the large size over those at the small one: 1 for linear growth, more for worse."""
    return (large_seconds / large) / (small_seconds / small)
