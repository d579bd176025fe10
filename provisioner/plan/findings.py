"""What is odd about a plan that is valid: the hardware facts a person should know before a move."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from provisioner.names import folded
from provisioner.plan.derive import (
    added_parts,
    compute_blades,
    host_key_pins,
    in_place,
    ram_after,
    rest_way,
    scratch_disks,
    slurm_role,
)
from provisioner.plan.derive_mpi import has_mpi
from provisioner.plan.derive_partitions import blades_by_partition
from provisioner.plan.model import Plan
from provisioner.plan.node import Blade

SLOW_LINK_GBIT = 1
# What is left of a Gbit/s for data: 1448 bytes of each 1538 that an Ethernet frame takes on the wire.
TCP_MB_PER_GBIT = 1000 / 8 * 1448 / 1538


@dataclass(frozen=True)
class Finding:
    """Something to know about one blade, or about the whole site when `blade` is None."""

    level: Literal["error", "warning"]
    blade: str | None
    message: str


def findings(plan: Plan) -> list[Finding]:
    """All findings: blades in the order of their places first, then those of the site."""
    found = [
        Finding("warning", name, message)
        for name in in_place(plan)
        for message in (*_ram(plan, name), *_sticks(plan, plan.blades[name]))
    ]
    site = (*_cpus(plan), *_scratch_ids(plan), *_host_keys(plan), *_network(plan), *_stock(plan), *_backup(plan))
    return found + [Finding("warning", None, message) for message in (*site, *_partitions(plan), *_rest(plan))]


def added_sticks(plan: Plan, blade: Blade) -> int:
    """RAM sticks the blade gets from the stock."""
    return sum(n for part, n in added_parts(plan, blade).items() if plan.stock[part].kind == "ram")


def _ram(plan: Plan, name: str) -> Iterator[str]:
    blade = plan.blades[name]
    least, after = plan.tiers[blade.tier].min_ram_gb, ram_after(plan, blade)
    if slurm_role(plan, name) and after < least:
        yield f"{after} GB RAM is thin: tier {blade.tier} wants at least {least} GB"


def _sticks(plan: Plan, blade: Blade) -> Iterator[str]:
    """Every CPU wants the same even number of sticks, so a two-CPU blade wants multiples of four."""
    added = added_sticks(plan, blade)
    if isinstance(blade.ram, list):
        total = len(blade.ram) + added
        if total % 2:
            yield f"{total} DIMMs is an odd count: the CPUs cannot get the same number"
        elif total % 4:
            yield f"{total} DIMMs are {total // 2} per CPU with two CPUs: an odd count per CPU"
        return
    if blade.dimms is not None:
        if (added % 2 == 1) != (blade.dimms == "odd"):
            yield f"odd DIMM count{' after the move' if added else ''}: populate pairs per CPU"
        if blade.dimms == "odd":
            return
    elif added % 2:
        yield f"+{added} sticks is an odd count: populate pairs per CPU"
    if added % 4 == 2:
        yield (
            f"+{added} sticks are {added // 2} per CPU with two CPUs: an odd count per CPU, "
            "unless it has one CPU or an odd count per CPU today"
        )


def _cpus(plan: Plan) -> Iterator[str]:
    unknown = [name for name, blade in plan.blades.items() if blade.cpu is None]
    if unknown:
        everyone = len(unknown) == len(plan.blades) > 1
        who = f"all {len(unknown)} blades" if everyone else folded(unknown)
        in_a_box = not plan.enclosures and any(blade.bay for blade in plan.blades.values())
        ask = "ask the Onboard Administrator (SHOW SERVER INFO ALL)" if in_a_box else "ask `lscpu` there"
        yield f"CPU model unknown for {who}: {ask} and write it as `cpu`"


def _scratch_ids(plan: Plan) -> Iterator[str]:
    blind = [name for name in plan.blades if any(disk.id is None for disk in scratch_disks(plan, plan.blades[name]))]
    if blind:
        yield (
            f"scratch of {folded(blind)} goes by size class while disk ids are unknown: "
            "`provision disks` prints the lines for the plan"
        )


def _host_keys(plan: Plan) -> Iterator[str]:
    """An image that was made of a running blade gives all blades one key: each of them can pass for the others."""
    owners: dict[str, list[str]] = defaultdict(list)
    for name, blade in plan.blades.items():
        for pin in dict.fromkeys(host_key_pins(blade)):
            owners[pin].append(name)
    for pin, names in owners.items():
        if len(names) > 1:
            yield f"{folded(names)} have the same host key {pin}: make new ones with `ssh-keygen -A` on each"


def _network(plan: Plan) -> Iterator[str]:
    speed = plan.cluster.link_gbit
    if has_mpi(plan) and speed <= SLOW_LINK_GBIT and len(compute_blades(plan)) > 1:
        most = f"{speed * TCP_MB_PER_GBIT:.0f} MB/s"
        yield (
            f"{speed:g} Gbit/s between blades: a bottleneck for MPI with large data, at most {most} for all ranks of a "
            "node together, and tens of microseconds for each message: ranks that talk much belong in one node "
            "(--nodes=1)"
        )


def _stock(plan: Plan) -> Iterator[str]:
    used = stock_use(plan)
    for name, part in plan.stock.items():
        if used[name] and used[name] == part.count:
            stick = "stick" if part.kind == "ram" else "disk"
            yield f"the last spare {stick} is used: all {part.count} x {name} are planned"


def _backup(plan: Plan) -> Iterator[str]:
    if plan.cluster.backup_controller:
        yield f"{plan.cluster.backup_controller} is named as backup controller, which is not used yet"


def _partitions(plan: Plan) -> Iterator[str]:
    if not plan.partitions:
        return
    its = blades_by_partition(plan)
    if empty := [name for name, blades in its.items() if not blades]:
        noun, have = ("partition", "has") if len(empty) == 1 else ("partitions", "have")
        yield f"{noun} {', '.join(empty)} {have} no nodes, so Slurm gets it once there are some"
    if not any(partition.default for partition in plan.partitions.values()):
        yield "no partition is the default: a job that names none is refused"
    used = {blade for blades in its.values() for blade in blades}
    if left := [name for name in compute_blades(plan) if name not in used]:
        yield f"{folded(left)}: in no partition, so no job gets there"


def _rest(plan: Plan) -> Iterator[str]:
    way = rest_way(plan)
    if way is not None and way.listen == "network":
        yield f"tokens of REST go over the network as they are (port {way.port}): put TLS in front, or take loopback"


def stock_use(plan: Plan) -> Counter[str]:
    """How many of each part the plan takes from the stock."""
    used: Counter[str] = Counter()
    for blade in plan.blades.values():
        used.update(added_parts(plan, blade))
    return used
