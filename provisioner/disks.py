"""What `provision disks` makes of the blades' reports: table rows, and lines for the plan. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.console_text import counted, one_line
from provisioner.errors import UsageError
from provisioner.plan.derive import is_scratch_entry, scratch_layout
from provisioner.plan.model import Plan
from provisioner.plan.node import DiskEntry
from provisioner.value_shape import listed, null_or, record, text, whole

TOLERANCE = 0.05
"""The size class of a disk, as the guard on the blade sees it."""

STABLE_ID = re.compile(r"/dev/disk/by-id/[A-Za-z0-9_.:+-]{1,150}")

NO_DISK = "no disk is visible; behind a RAID controller a disk shows up once it is a logical drive"


MOST_DISKS = 200
# A line for the plan is pasted by a person: what the blade says gets into it only in this form.
_ID = re.compile(r"(?!.*\.\.)/dev/[A-Za-z0-9/_.:+-]{0,190}[A-Za-z0-9_.+-]")
_TEXT = text(2000, r"(?s:.*)")
_SHAPE = record(
    {"path": _TEXT, "size_gb": whole(0, 10_000_000), "verdict": _TEXT},
    {
        "evidence": listed(_TEXT),
        "id": _TEXT,
        "model": _TEXT,
        "serial": _TEXT,
        "label": _TEXT,
        "read": null_or(whole(0, 100)),
    },
)


@dataclass(frozen=True)
class FoundDisk:
    """A disk as a blade reported it. `verdict` is boot, scratch, free or used; sizes in GB (10^9 bytes).

    `read` is how much of it was read so far (per cent), while that goes on.
    """

    path: str
    size_gb: int
    verdict: str
    id: str = ""
    model: str = ""
    serial: str = ""
    label: str = ""
    evidence: tuple[str, ...] = field(default=())
    read: int | None = None

    @property
    def state(self) -> str:
        """The verdict in words: what a used disk is used by, where scratch is mounted."""
        found = "; ".join(self.evidence)
        if self.read is not None:
            return f"{self.verdict}, being read before it is formatted: {self.read} %"
        if self.verdict == "used":
            return f"in use: {found}"
        return f"{self.verdict}: {found}" if self.verdict == "scratch" else self.verdict


def parse_report(reported: Any) -> list[FoundDisk]:
    """The disks of one blade from the result of its report task; what has not the shape of a disk is left out."""
    rows = reported if isinstance(reported, list) else []
    return [
        FoundDisk(
            path=str(disk["path"]),
            size_gb=disk["size_gb"],
            verdict=str(disk["verdict"]),
            id=str(disk.get("id", "")),
            model=str(disk.get("model", "")),
            serial=str(disk.get("serial", "")),
            label=str(disk.get("label", "")),
            evidence=tuple(str(one) for one in disk.get("evidence") or ()),
            read=disk.get("read"),
        )
        for disk in rows[:MOST_DISKS]
        if not _SHAPE(disk)
    ]


def scratch_ids(plan: Plan, name: str, disks: Sequence[FoundDisk]) -> dict[int, list[str]]:
    """The ids for the scratch disks that the plan only knows by their size, by position in the blade's `disks`.

    Raises:
        UsageError: it is not clear which disks are meant, or one has no stable id.
    """
    entries = plan.blades[name].disks
    blind = {number: entry for number, entry in enumerate(entries) if is_scratch_entry(plan, plan.blades[name], entry)}
    blind = {number: entry for number, entry in blind.items() if entry.id is None}
    taken = {entry.id for entry in entries if entry.id}
    found: dict[int, list[str]] = {}
    for size_gb in sorted({entry.size_gb for entry in blind.values()}):
        wanted = [number for number, entry in blind.items() if entry.size_gb == size_gb for _ in range(entry.count)]
        alike = [disk for disk in disks if _alike(disk, size_gb) and disk.id not in taken]
        ours = [disk for disk in alike if disk.label.startswith("PROV-SCR-")]
        free = [disk for disk in alike if disk.verdict == "free"]
        chosen = [*ours, *free] if len(ours) < len(wanted) else ours
        if len(chosen) != len(wanted):
            raise UsageError(
                f"the plan wants {counted(len(wanted), 'scratch disk')} of {size_gb} GB on {name}, "
                f"and {len(chosen)} could be meant",
                f"look at them and write the lines by hand: provision disks --nodes {name}",
            )
        for number, disk in zip(wanted, chosen, strict=True):
            if not STABLE_ID.fullmatch(disk.id):
                raise UsageError(f"{disk.path} of {name} has no stable id", "give the disk a serial number or WWN")
            found.setdefault(number, []).append(disk.id)
    return found


def plan_lines(plan: Plan, name: str, disks: Sequence[FoundDisk]) -> list[str]:
    """The YAML lines that name a blade's disks in the plan, ready to be pasted below `blades:`."""
    if not disks:
        return [f"  # {name}: {NO_DISK}"]
    lines = [f"  {name}:", "    disks:"]
    for disk in disks:
        planned = _planned(plan.blades[name].disks, disk)
        lines.append(f"      - {{{', '.join(_entries(plan, name, disk, planned))}}}{_comment(disk)}")
    return lines


def _entries(plan: Plan, name: str, disk: FoundDisk, planned: DiskEntry | None) -> list[str]:
    """The keys of one disk; size and type as the plan has them, where it has such a disk."""
    entries = [f"size_gb: {planned.size_gb if planned else max(1, disk.size_gb)}"]
    if planned and planned.type != "SAS":
        entries.append(f'type: "{planned.type}"')
    if _ID.fullmatch(disk.id):
        entries.append(f"id: {disk.id}")
    if purpose := _purpose(plan, name, disk, planned):
        entries.append(f"purpose: {purpose}")
    return entries


def _purpose(plan: Plan, name: str, disk: FoundDisk, planned: DiskEntry | None) -> str:
    """What the disk is for: what it is now; for a free one what the plan wants of its kind."""
    if disk.verdict in ("boot", "scratch"):
        return disk.verdict
    if disk.verdict == "used":
        return "ceph" if any("ceph" in one.lower() for one in disk.evidence) else "spare"
    if planned and planned.purpose:
        return planned.purpose if planned.purpose != "boot" else ""
    rule = scratch_layout(plan, plan.blades[name])
    return "scratch" if rule is not None and _alike(disk, rule.size_gb) else ""


def _comment(disk: FoundDisk) -> str:
    notes = [f"holds {one_line('; '.join(disk.evidence), 200)}"] if disk.verdict == "used" else []
    if not _ID.fullmatch(disk.id):
        notes.append(f"{one_line(disk.path, 200)} has no stable id")
    return f"  # {', '.join(notes)}" if notes else ""


def _planned(entries: Sequence[DiskEntry], disk: FoundDisk) -> DiskEntry | None:
    """The plan's entry for the disk: by id, else one of the same size class."""
    named = next((entry for entry in entries if entry.id and entry.id == disk.id), None)
    return named or next((entry for entry in entries if _alike(disk, entry.size_gb)), None)


def _alike(disk: FoundDisk, size_gb: int) -> bool:
    return abs(disk.size_gb - size_gb) <= TOLERANCE * size_gb
