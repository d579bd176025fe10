"""The rows of a plan as a person reads them: many blades alike are one row. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from provisioner.names import folded
from provisioner.plan.overview import BayRow, Overview

_LEAST = 4


@dataclass(frozen=True)
class Shown:
    """One row: blades alike, or empty bays when `row` is None. `see` are the numbers of notes about them."""

    enclosure: str
    bay: str
    blade: str = ""
    address: str = ""
    row: BayRow | None = None
    see: tuple[int, ...] = ()


def shown_rows(site: Overview) -> list[Shown]:
    """The rows in their order; empty bays between them, those of several racks folded."""
    see: dict[str, tuple[int, ...]] = {}
    for note in site.notes:
        for name in note.names:
            see[name] = (*see.get(name, ()), note.number)
    groups: list[list[BayRow]] = []
    for row in site.bays:
        if groups and _alike(groups[-1][-1], row) and see.get(groups[-1][-1].blade) == see.get(row.blade):
            groups[-1].append(row)
        else:
            groups.append([row])
    parts = [part for group in groups for part in ([group] if len(group) >= _LEAST else [[row] for row in group])]
    return [*_with_empty(site, parts, see)]


def _alike(one: BayRow, other: BayRow) -> bool:
    """Whether two blades differ in nothing but what is each one's own, and stand side by side."""
    own: dict[str, Any] = {"blade": "", "bay": None, "address": "", "networks": {}}
    own |= dict.fromkeys(("address6", "mac", "serial"))
    beside = one.bay is other.bay is None or (None not in (one.bay, other.bay) and (one.bay or 0) + 1 == other.bay)
    return beside and replace(one, **own) == replace(other, **own)


def _with_empty(site: Overview, groups: list[list[BayRow]], see: dict[str, tuple[int, ...]]) -> Iterator[Shown]:
    """The rows of blades with those of the empty bays of their enclosures."""
    boxes = {name: box.bays for name, box in site.plan.enclosures.items()}
    has_bays = any(row.bay is not None for row in site.bays)
    if not boxes and has_bays:
        boxes = {"": site.plan.enclosure.bays}
    for box, bays in boxes.items():
        free = 1
        inside = [group for group in groups if (group[0].enclosure or "") == box]
        for group in inside:
            if group[0].bay is not None:
                yield from _empty(box, free, group[0].bay - 1)
                free = (group[-1].bay or 0) + 1
                yield _shown(group, see)
        yield from _empty(box, free, bays)
        yield from (_shown(group, see) for group in inside if group[0].bay is None)
    yield from (_shown(group, see) for group in groups if (group[0].enclosure or "") not in boxes)


def _empty(box: str, first: int, last: int) -> Iterator[Shown]:
    if box and first < last:
        yield Shown(box, f"{first}-{last}")
    elif first <= last:
        yield from (Shown(box, str(bay)) for bay in range(first, last + 1))


def _shown(group: list[BayRow], see: dict[str, tuple[int, ...]]) -> Shown:
    first, last = group[0], group[-1]
    bay = "" if first.bay is None else str(first.bay) if first is last else f"{first.bay}-{last.bay}"
    name = folded(row.blade for row in group)
    return Shown(first.enclosure or "", bay, name, _addresses(group), first, see.get(first.blade, ()))


def _addresses(group: list[BayRow]) -> str:
    first, last = group[0].address, group[-1].address
    if len(group) == 1:
        return first
    counted = all(ip_address(first) + number == ip_address(row.address) for number, row in enumerate(group))
    return f"{first} to {last}" if counted else f"{first} and others"
