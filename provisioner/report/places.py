"""Where blades are drawn: enclosures as one stands before them, racks from the top down, the rest beside. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from provisioner.plan.model import Enclosure, Plan
from provisioner.plan.overview import BayRow

CHASSIS, RACK, FLOOR = "chassis", "rack", "floor"
LARGEST_CHASSIS, LARGEST_RACK = 16, 60
"""Bays of an enclosure and units of a rack; whatever has more is drawn bay after bay."""


@dataclass(frozen=True)
class Slot:
    """A place and the blade in it, '' for an empty one; `bay` is None where there are no bays."""

    bay: int | None
    blade: str


@dataclass(frozen=True)
class Box:
    """An enclosure, a rack, or blades that stand in none.

    Args:
        kind: `chassis` (rows of half-height bays as one stands before it), `rack` (the highest unit above) or `floor`.
        columns: how many bays are side by side; 0 for as many as there is room for.
        words: maker, model, switch and power.
    """

    title: str
    words: str
    kind: str
    columns: int
    slots: tuple[Slot, ...]


def boxes(plan: Plan, rows: Iterable[BayRow]) -> list[Box]:
    """All places in the order of the plan; a blade without a bay stands behind the box that it is in."""
    rows = list(rows)
    named: Mapping[str, Enclosure] = plan.enclosures or {"": plan.enclosure}
    has_bays = bool(plan.enclosures) or any(row.bay is not None for row in rows)
    found: list[Box] = []
    for name, box in named.items() if has_bays else ():
        inside = {row.bay: row.blade for row in rows if (row.enclosure or "") == name and row.bay is not None}
        found.append(_box(name, box, inside))
    loose: dict[str, list[str]] = {}
    for row in rows:
        if row.bay is None:
            loose.setdefault(row.enclosure or "", []).append(row.blade)
    for name, blades in loose.items():
        title = f"{name}, without a bay" if name else "Without a bay" if has_bays else "Machines"
        found.append(floor(title, blades))
    return found


def floor(title: str, blades: Iterable[str]) -> Box:
    """Blades that stand in no enclosure."""
    return Box(title, "", FLOOR, 0, tuple(Slot(None, blade) for blade in blades))


def _box(name: str, box: Enclosure, inside: Mapping[int, str]) -> Box:
    title = ", ".join(filter(None, (name, box.name))) or "Enclosure"
    words = [box.model, box.switch and f"switch {box.switch}", box.power and f"power {box.power}"]
    bays = range(1, box.bays + 1)
    if box.bays <= LARGEST_CHASSIS:
        # Half of the bays above, half below: 1 to 8 and 9 to 16 in a C7000.
        kind, columns = CHASSIS, box.bays if box.bays <= 4 else math.ceil(box.bays / 2)
    elif box.bays <= LARGEST_RACK:
        kind, columns, bays = RACK, 1, bays[::-1]
    else:
        kind, columns = FLOOR, 0
    return Box(
        title, ", ".join(filter(None, words)), kind, columns, tuple(Slot(bay, inside.get(bay, "")) for bay in bays)
    )
