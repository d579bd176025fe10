"""What blades are made of: sticks, disks, scratch, and whether the stock has the planned parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from provisioner.plan.checks.draft import Draft
from provisioner.plan.node import Disk, DiskEntry
from provisioner.plan.problems import Keys, Problem, did_you_mean, printable

_DISK: TypeAdapter[DiskEntry] = TypeAdapter(Disk)


def check_parts(draft: Draft) -> Iterator[Problem]:
    """Unknown or overdrawn parts, disk ids used twice, scratch without a disk, sticks that contradict."""
    yield from _unknown_parts(draft)
    yield from _overdrawn(draft)
    yield from _disk_ids(draft)
    for name in draft.blades:
        yield from _scratch(draft, name)
        yield from _job_tmp(draft, name)
        yield from _sticks(draft, name)


def _unknown_parts(draft: Draft) -> Iterator[Problem]:
    stocked = list(draft.tree.data.get("stock") or {}) if draft.stock else []
    if draft.knows("stock") and not isinstance(draft.data.get("stock"), dict):
        return
    places: list[tuple[Keys, dict[str, Any]]] = [
        ((section, name, "add"), entry.get("add") or {})
        for section, entries in (("tiers", draft.tiers), ("blades", draft.blades))
        for name, entry in entries.items()
    ]
    for place, parts in places:
        for part in parts:
            if part not in stocked:
                right = did_you_mean(part, stocked, "add it to `stock` with its kind, size_gb and count")
                yield draft.at_key((*place, part), f"the stock knows no {printable(part)}", right)


def _overdrawn(draft: Draft) -> Iterator[Problem]:
    uses: dict[str, list[tuple[str, int]]] = {}
    for name, blade in draft.blades.items():
        own = blade.get("add")
        for part, count in ((own if own is not None else draft.tier_of(name).get("add")) or {}).items():
            uses.setdefault(part, []).append((name, count))
    for part, wanted in uses.items():
        count = draft.stock.get(part, {}).get("count")
        planned = sum(each for _, each in wanted)
        if count is not None and planned > count:
            who = ", ".join(f"{printable(name)} {each}" for name, each in wanted[:6])
            more = f" and {len(wanted) - 6} more" if len(wanted) > 6 else ""
            yield draft.at_value(
                ("stock", part, "count"),
                f"{planned} x {part} planned ({who}{more}), {count} in stock",
                f"plan {planned - count} fewer, or count again",
            )


def _disks(draft: Draft, name: str) -> list[tuple[int, DiskEntry]]:
    """The usable disks of a blade with their index in the plan."""
    found = []
    for i, raw in enumerate(draft.blades[name].get("disks") or []):
        try:
            found.append((i, _DISK.validate_python(raw)))
        except ValidationError:
            continue  # reported as a problem of the shape
    return found


def _disk_ids(draft: Draft) -> Iterator[Problem]:
    seen: dict[tuple[str, str], tuple[str, Keys]] = {}
    for name in draft.blades:
        for i, disk in _disks(draft, name):
            if disk.id is None:
                continue
            place = ("blades", name, "disks", i, "id")
            if disk.count > 1:
                wrong = f"one disk id for {disk.count} disks of {printable(name)}"
                yield draft.at_value(place, wrong, "list each disk on its own, with its own id")
            # by-id names are unique in the world; /dev/sdb or by-path exist on every blade.
            owner = "" if disk.id.startswith("/dev/disk/by-id/") else name
            first = seen.get((owner, disk.id))
            # Within one set of blades it is a problem of the set, told already.
            if first and draft.nodes.written(first[1]) != draft.nodes.written(place):
                wrong = f"disk {disk.id} is already a disk of {printable(first[0])}"
                right = f"see {draft.where_value(first[1], place)}; keep one of them"
                yield draft.at_value(place, wrong, right)
            seen.setdefault((owner, disk.id), (name, place))


def _scratch(draft: Draft, name: str) -> Iterator[Problem]:
    blade, tier, blade_name = draft.blades[name], draft.tier_of(name), printable(name)
    own = blade.get("scratch")
    disks = _disks(draft, name)
    if len(disks) < len(blade.get("disks") or []) or (own is None and draft.knows("blades", name, "scratch")):
        return
    marked = [i for i, disk in disks if disk.purpose == "scratch"]
    if own == "none":
        for i in marked:
            wrong = f"{blade_name} has `scratch: none` and a disk for scratch"
            yield draft.at_value(("blades", name, "disks", i), wrong, "drop one of the two")
        return
    rule = own or tier.get("scratch")
    size = rule.get("size_gb") if isinstance(rule, dict) else None
    if size is None or marked or any(disk.size_gb == size and disk.purpose is None for _, disk in disks):
        return
    has = ", ".join(f"{disk.count} x {disk.size_gb} GB" for _, disk in disks) or "no disks"
    whose = "" if own else f" as a blade of tier {blade['tier']}"
    wrong = f"{blade_name} wants scratch on {size} GB disks{whose}, but has {has}"
    right = f"list a free disk of {size} GB, or write `scratch: none` there"
    if own:
        yield draft.at_value(("blades", name, "scratch"), wrong, right)
    else:
        yield draft.at_key(("blades", name), wrong, right)


def _job_tmp(draft: Draft, name: str) -> Iterator[Problem]:
    blade, tier = draft.blades[name], draft.tier_of(name)
    own = blade.get("job_tmp")
    if (own or tier.get("job_tmp")) != "scratch" or (own is None and draft.knows("blades", name, "job_tmp")):
        return
    disks = _disks(draft, name)
    ruled = blade.get("scratch") or tier.get("scratch") or any(disk.purpose == "scratch" for _, disk in disks)
    if blade.get("scratch") != "none" and (ruled or len(disks) < len(blade.get("disks") or [])):
        return
    whose = "" if own else f" as a blade of tier {blade['tier']}"
    wrong = f"{printable(name)} has `job_tmp: scratch`{whose}, and no scratch"
    place = ("blades", name, "job_tmp") if own else ("blades", name)
    at = draft.at_value if own else draft.at_key
    yield at(place, wrong, "write `job_tmp: root` for its system disk, or `job_tmp: shared`, there")


def _sticks(draft: Draft, name: str) -> Iterator[Problem]:
    sticks, said = draft.blades[name].get("ram"), draft.blades[name].get("dimms")
    if not isinstance(sticks, list) or said is None:
        return
    actual = "odd" if len(sticks) % 2 else "even"
    if actual != said:
        wrong = f"{printable(name)} lists {len(sticks)} sticks, but dimms says {said}"
        yield draft.at_value(("blades", name, "dimms"), wrong, "drop `dimms` once sticks are listed")
