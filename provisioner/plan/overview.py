"""The enclosure by bay and the stock, as a person or a script reads a plan. Pure; knows no terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.plan.derive import added_parts, ram_after, ram_now, scratch_disks, slurm_role
from provisioner.plan.findings import Finding, findings, folded, stock_use
from provisioner.plan.model import Blade, Plan


@dataclass(frozen=True)
class BayRow:
    """One bay of the enclosure; RAM in GiB. `slurm` is controller, compute or None."""

    bay: int
    blade: str
    address: str
    tier: str
    slurm: str | None
    ram_gb: int
    ram_after_gb: int
    disks: list[str]
    scratch: list[str]
    cpu: str | None
    note: str
    findings: list[str]


@dataclass(frozen=True)
class PartRow:
    """One kind of spare parts: how many there are, are planned, and stay."""

    part: str
    kind: str
    size_gb: int
    count: int
    planned: int
    left: int
    note: str


@dataclass(frozen=True)
class Note:
    """A finding as it is printed: once, with all blades it is about (a node set, or None for the site)."""

    number: int
    level: str
    blades: str | None
    message: str
    bays: tuple[int, ...] = ()


@dataclass(frozen=True)
class Overview:
    """A plan laid out: occupied bays in order, parts, findings, and findings folded into notes."""

    plan: Plan
    bays: list[BayRow]
    parts: list[PartRow]
    findings: list[Finding]
    notes: list[Note]

    def as_json(self) -> dict[str, Any]:
        """Everything that `provision plan` shows, for scripts."""
        cluster = self.plan.cluster
        return {
            "cluster": cluster.model_dump(mode="json"),
            "enclosure": self.plan.enclosure.model_dump(mode="json"),
            "blades": [asdict(row) for row in self.bays],
            "stock": [asdict(row) for row in self.parts],
            "findings": [asdict(finding) for finding in self.findings],
            "problems": [],
        }


def overview(plan: Plan) -> Overview:
    """The overview of a valid plan."""
    found = findings(plan)
    by_bay = sorted(plan.blades, key=lambda name: plan.blades[name].bay)
    bays = [_bay_row(plan, name, found) for name in by_bay]
    return Overview(plan, bays, _part_rows(plan), found, _notes(plan, found))


def _bay_row(plan: Plan, name: str, found: list[Finding]) -> BayRow:
    blade = plan.blades[name]
    role = slurm_role(plan, name)
    return BayRow(
        bay=blade.bay,
        blade=name,
        address=str(blade.address),
        tier=blade.tier,
        slurm=role.value if role else None,
        ram_gb=ram_now(blade),
        ram_after_gb=ram_after(plan, blade),
        disks=_disk_words(plan, blade),
        scratch=_scratch_words(plan, blade),
        cpu=blade.cpu,
        note=blade.note,
        findings=[finding.message for finding in found if finding.blade == name],
    )


def _disk_words(plan: Plan, blade: Blade) -> list[str]:
    """`2 x 300 GB SAS, scratch`: disks alike are counted together; `+1 x ...` comes from the stock."""
    counts: Counter[str] = Counter()
    for disk in blade.disks:
        becomes_scratch = scratch_disks(plan, blade.model_copy(update={"disks": [disk]}))
        purpose = "scratch" if becomes_scratch else disk.purpose
        counts[f"{disk.size_gb} GB {disk.type}" + (f", {purpose}" if purpose else "")] += disk.count
    parts = {name: count for name, count in added_parts(plan, blade).items() if plan.stock[name].kind != "ram"}
    return [
        *(f"{count} x {words}" for words, count in counts.items()),
        *(f"+{count} x {plan.stock[name].size_gb} GB {name}" for name, count in parts.items()),
    ]


def _scratch_words(plan: Plan, blade: Blade) -> list[str]:
    return [disk.id or f"any of {disk.size_gb} GB" for disk in scratch_disks(plan, blade)]


def _part_rows(plan: Plan) -> list[PartRow]:
    used = stock_use(plan)
    return [
        PartRow(name, p.kind, p.size_gb, p.count, used[name], p.count - used[name], p.note)
        for name, p in plan.stock.items()
    ]


def _notes(plan: Plan, found: list[Finding]) -> list[Note]:
    """The findings numbered, those with the same words on several blades as one."""
    blades: dict[tuple[str, str], list[str]] = {}
    for finding in found:
        blades.setdefault((finding.level, finding.message), []).extend([finding.blade] if finding.blade else [])
    return [
        Note(
            number,
            level,
            folded(names) if names else None,
            message,
            tuple(plan.blades[name].bay for name in names),
        )
        for number, ((level, message), names) in enumerate(blades.items(), start=1)
    ]
