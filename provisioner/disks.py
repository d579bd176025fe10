"""What `provision disks` makes of the blades' reports: table rows, and lines for the plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.plan.derive import scratch_layout
from provisioner.plan.model import DiskEntry, Plan

TOLERANCE = 0.05
"""The size class of a disk, as the guard on the blade sees it."""

NO_DISK = "no disk is visible; behind a RAID controller a disk shows up once it is a logical drive"


@dataclass(frozen=True)
class FoundDisk:
    """A disk as a blade reported it. `verdict` is boot, scratch, free or used; sizes in GB (10^9 bytes)."""

    path: str
    size_gb: int
    verdict: str
    id: str = ""
    model: str = ""
    serial: str = ""
    label: str = ""
    evidence: tuple[str, ...] = field(default=())

    @property
    def state(self) -> str:
        """The verdict in words: what a used disk is used by, where scratch is mounted."""
        found = "; ".join(self.evidence)
        if self.verdict == "used":
            return f"in use: {found}"
        return f"{self.verdict}: {found}" if self.verdict == "scratch" else self.verdict


def parse_report(reported: Sequence[Mapping[str, Any]]) -> list[FoundDisk]:
    """The disks of one blade from the result of its report task."""
    return [
        FoundDisk(
            path=str(disk["path"]),
            size_gb=int(disk["size_gb"]),
            verdict=str(disk["verdict"]),
            id=str(disk.get("id", "")),
            model=str(disk.get("model", "")),
            serial=str(disk.get("serial", "")),
            label=str(disk.get("label", "")),
            evidence=tuple(str(one) for one in disk.get("evidence", ())),
        )
        for disk in reported
    ]


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
    if disk.id:
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
    notes = [f"holds {'; '.join(disk.evidence)}"] if disk.verdict == "used" else []
    if not disk.id:
        notes.append(f"{disk.path} has no stable id")
    return f"  # {', '.join(notes)}" if notes else ""


def _planned(entries: Sequence[DiskEntry], disk: FoundDisk) -> DiskEntry | None:
    """The plan's entry for the disk: by id, else one of the same size class."""
    named = next((entry for entry in entries if entry.id and entry.id == disk.id), None)
    return named or next((entry for entry in entries if _alike(disk, entry.size_gb)), None)


def _alike(disk: FoundDisk, size_gb: int) -> bool:
    return abs(disk.size_gb - size_gb) <= TOLERANCE * size_gb
