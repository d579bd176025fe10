"""Which disks a blade of the lab has; pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from provisioner.names import host_name
from provisioner.plan.model import Plan

GB = 10**9


@dataclass(frozen=True)
class LabDisk:
    """One disk of a blade: size in bytes, file name of its image, stable /dev/disk/by-id link."""

    size: int
    file: str
    link: str


def lab_disks(plan: Plan, blade: str) -> list[LabDisk]:
    """Every disk the plan gives the blade, in the plan's order; GB are 10^9 bytes, as on labels."""
    entries = [entry for entry in plan.blades[blade].disks for _ in range(entry.count)]
    return [
        LabDisk(
            size=entry.size_gb * GB,
            file=f"{number}-{entry.size_gb}GB.img",
            link=entry.id or made_up_link(plan.cluster.name, blade, number),
        )
        for number, entry in enumerate(entries, start=1)
    ]


def made_up_link(cluster: str, blade: str, number: int) -> str:
    """A stable WWN link for a disk whose id the plan does not know: the same in every lab."""
    digest = hashlib.sha256(f"{cluster} {host_name(blade)} {number}".encode()).hexdigest()
    return f"/dev/disk/by-id/wwn-0x5{digest[:15]}"
