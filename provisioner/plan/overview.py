"""The blades by their places and the stock, as a person or a script reads a plan. Pure; knows no terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.names import folded
from provisioner.plan.derive import (
    accounting_host,
    added_parts,
    domain_of,
    enclosure_of,
    gpu_count,
    in_place,
    login_blades,
    node_keys,
    ram_after,
    ram_now,
    scratch_disks,
    slurm_role,
)
from provisioner.plan.derive_partitions import preemption_rule
from provisioner.plan.findings import Finding, findings, stock_use
from provisioner.plan.model import Plan
from provisioner.plan.node import Blade
from provisioner.plan.partition_rows import PartitionRow, partition_rows


@dataclass(frozen=True)
class BayRow:
    """One blade in its place; RAM in GiB. `slurm` is controller, compute or None.

    `accounting`: it has the database; `login`: users log in there.
    """

    enclosure: str | None
    bay: int | None
    blade: str
    address: str
    tier: str
    slurm: str | None
    accounting: bool
    login: bool
    ram_gb: int
    ram_after_gb: int
    disks: list[str]
    scratch: list[str]
    cpu: str | None
    note: str
    findings: list[str]
    address6: str | None
    networks: dict[str, str]
    domain: str
    mac: str | None
    serial: str | None
    gpus: int
    node_keys: dict[str, str | int]


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
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overview:
    """A plan laid out: blades in the order of their places, partitions, parts, findings, and findings as notes."""

    plan: Plan
    bays: list[BayRow]
    partitions: list[PartitionRow]
    parts: list[PartRow]
    findings: list[Finding]
    notes: list[Note]

    def as_json(self) -> dict[str, Any]:
        """Everything that `provision plan` shows, for scripts."""
        cluster = self.plan.cluster
        return {
            "cluster": cluster.model_dump(mode="json"),
            "enclosure": self.plan.enclosure.model_dump(mode="json"),
            "enclosures": {name: box.model_dump(mode="json") for name, box in self.plan.enclosures.items()},
            "blades": [asdict(row) for row in self.bays],
            "partitions": [asdict(row) for row in self.partitions],
            "preemption": preemption_rule(self.plan),
            "stock": [asdict(row) for row in self.parts],
            "findings": [asdict(finding) for finding in self.findings],
            "problems": [],
        }


def overview(plan: Plan) -> Overview:
    """The overview of a valid plan."""
    found = findings(plan)
    told: dict[str, list[str]] = {}
    for finding in found:
        told.setdefault(finding.blade or "", []).append(finding.message)
    bays = [_bay_row(plan, name, told.get(name, [])) for name in in_place(plan)]
    return Overview(plan, bays, partition_rows(plan), _part_rows(plan), found, _notes(plan, found))


def _bay_row(plan: Plan, name: str, told: list[str]) -> BayRow:
    blade = plan.blades[name]
    role = slurm_role(plan, name)
    return BayRow(
        enclosure=enclosure_of(plan, blade),
        bay=blade.bay,
        blade=name,
        address=str(blade.address),
        tier=blade.tier,
        slurm=role.value if role else None,
        accounting=name == accounting_host(plan),
        login=name in (login_blades(plan) or [plan.cluster.controller]),
        ram_gb=ram_now(blade),
        ram_after_gb=ram_after(plan, blade),
        disks=_disk_words(plan, blade),
        scratch=_scratch_words(plan, blade),
        cpu=blade.cpu,
        note=blade.note,
        findings=told,
        address6=str(blade.address6) if blade.address6 else None,
        networks={key: str(address) for key, address in blade.networks.items()},
        domain=domain_of(plan, blade),
        mac=blade.mac,
        serial=blade.serial,
        gpus=gpu_count(plan, blade),
        node_keys=node_keys(plan, blade),
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
            tuple(names),
        )
        for number, ((level, message), names) in enumerate(blades.items(), start=1)
    ]
