"""Where blades sit and what they are called: names, enclosures, bays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.names import host_name, name_problem
from provisioner.plan.checks.draft import Draft
from provisioner.plan.fields import NODE_NAMES
from provisioner.plan.problems import Problem, did_you_mean, printable


def check_enclosure(draft: Draft) -> Iterator[Problem]:
    """Duplicate or reserved names; enclosures that are not there; bays that are taken or out of range."""
    yield from _names(draft)
    yield from _enclosures(draft)
    yield from _bays(draft)


def _names(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    # A name in capitals is the one to keep, wherever it stands.
    for name in sorted(draft.blades, key=lambda name: name != name.upper()):
        place = ("blades", name)
        if first := seen.get(host_name(name)):
            line = draft.where(("blades", first), place)
            wrong = f"{printable(name)} is the same blade as {printable(first)} on {line}"
            yield draft.at_key(place, wrong, "keep one of them")
        # Other forms are problems of the shape.
        elif re.search(NODE_NAMES, name) and (found := name_problem(printable(name))):
            yield draft.at_key(place, *found)
        seen.setdefault(host_name(name), name)


def _enclosures(draft: Draft) -> Iterator[Problem]:
    named = list(draft.data.get("enclosures") or {})
    if named and draft.knows("enclosure"):
        wrong = "`enclosure` and `enclosures` are both there"
        yield draft.at_key(("enclosures",), wrong, "write all of them below `enclosures`")
    for name, blade in draft.blades.items():
        place, enclosure = ("blades", name, "enclosure"), blade.get("enclosure")
        if enclosure is not None and enclosure not in named:
            if not draft.knows("enclosures", enclosure):
                wrong = f"{printable(name)} is in an unknown enclosure {printable(enclosure)}"
                right = did_you_mean(enclosure, named) if named else "describe it below `enclosures`"
                yield draft.at_value(place, wrong, right)
        elif enclosure is None and blade.get("bay") is not None and len(named) > 1 and not draft.knows(*place):
            wrong = f"bay {blade['bay']} of {printable(name)} may be in any of {len(named)} enclosures"
            boxes = ", ".join(map(printable, named[:8]))
            yield draft.at_value(("blades", name, "bay"), wrong, f"add `enclosure:`, one of {boxes}")


def _bays(draft: Draft) -> Iterator[Problem]:
    seen: dict[tuple[str, int], str] = {}
    for name, blade in draft.blades.items():
        bay, place, box = blade.get("bay"), ("blades", name, "bay"), draft.enclosure_of(name)
        if bay is None or box is None:
            continue
        if bay > draft.bays(box):
            wrong = f"bay {bay} of {printable(name)} is outside {_called(box)}"
            yield draft.at_value(place, wrong, f"it has the bays 1 to {draft.bays(box)}")
        elif first := seen.get((box, bay)):
            line = draft.where_value(("blades", first, "bay"), place)
            where = f" in {printable(box)}" if box else ""
            wrong = f"bay {bay} of {printable(name)}{where} already holds {printable(first)} ({line})"
            yield draft.at_value(place, wrong, _free_bays(draft, box))
        seen.setdefault((box, bay), name)


def _called(enclosure: str) -> str:
    return f"enclosure {printable(enclosure)}" if enclosure else "the enclosure"


def _free_bays(draft: Draft, enclosure: str) -> str:
    taken = {blade.get("bay") for name, blade in draft.blades.items() if draft.enclosure_of(name) == enclosure}
    free = [str(bay) for bay in range(1, draft.bays(enclosure) + 1) if bay not in taken]
    return f"free bays: {', '.join(free[:8])}" if free else "no bay is free"
