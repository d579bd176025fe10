"""What a plan says about a blade once tier defaults are applied. Pure functions over a `Plan`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from provisioner.names import host_name
from provisioner.plan.model import AccountingPlace, Plan, SlurmRole
from provisioner.plan.node import Blade, DiskEntry, GpuEntry, JobTmp, Proof, Scratch
from provisioner.plan.rest import RestWay


@dataclass(frozen=True)
class ScratchDisk:
    """One scratch disk that the plan wants: by stable id, or any free one of a size class (GB)."""

    size_gb: int
    id: str | None = None


def slurm_role(plan: Plan, name: str) -> SlurmRole | None:
    """What the blade is in Slurm: the named controller, a compute node, or nothing. A login node computes nothing."""
    if name == plan.cluster.controller:
        return SlurmRole.CONTROLLER
    if name in login_blades(plan):
        return None
    tier = plan.tiers[plan.blades[name].tier]
    return SlurmRole.COMPUTE if SlurmRole.COMPUTE in tier.slurm else None


def in_place(plan: Plan) -> list[str]:
    """All blades by enclosure, then by bay; those without a bay come last, in the order of the plan."""
    boxes = {name: number for number, name in enumerate(plan.enclosures)}

    def place(name: str) -> tuple[int, float]:
        blade = plan.blades[name]
        number = boxes.get(enclosure_of(plan, blade) or "", len(boxes))
        return number, inf if blade.bay is None else blade.bay

    return sorted(plan.blades, key=place)


def enclosure_of(plan: Plan, blade: Blade) -> str | None:
    """The name of the enclosure that a blade is in; None where the plan names none."""
    return blade.enclosure or (next(iter(plan.enclosures)) if len(plan.enclosures) == 1 else None)


def is_member(plan: Plan, name: str) -> bool:
    """Whether the blade is part of the cluster: it has a Slurm role, the accounting database, or users log in there."""
    return slurm_role(plan, name) is not None or name == accounting_host(plan) or name in login_blades(plan)


def members(plan: Plan) -> list[str]:
    """All members of the cluster, controller first, then by their place."""
    found = [name for name in in_place(plan) if is_member(plan, name)]
    return sorted(found, key=lambda name: name != plan.cluster.controller)


def compute_blades(plan: Plan) -> list[str]:
    """The members that are compute nodes, by their place."""
    return [name for name in members(plan) if slurm_role(plan, name) is SlurmRole.COMPUTE]


def spelling(plan: Plan) -> dict[str, str]:
    """The name of each blade as the plan writes it, by its host name."""
    return {host_name(name): name for name in plan.blades}


def as_spelt(plan: Plan, hosts: Iterable[str]) -> list[str]:
    """Host names as the plan writes them; one that it does not have is written like the others."""
    known = spelling(plan)
    capitals = all(name.isupper() for name in plan.blades)
    return [known.get(host, host.upper() if capitals else host) for host in hosts]


def domain_of(plan: Plan, blade: Blade) -> str:
    """The DNS domain of a blade, '' for none."""
    return blade.domain or plan.cluster.domain or ""


def gpus_said(plan: Plan, blade: Blade) -> GpuEntry | None:
    """The GPUs that the plan gives a blade: as it says, else its tier; None where neither says anything."""
    gpus = blade.gpus if blade.gpus is not None else plan.tiers[blade.tier].gpus
    return GpuEntry(count=gpus) if isinstance(gpus, int) else gpus


def gpu_count(plan: Plan, blade: Blade) -> int:
    """How many GPUs the plan gives a blade."""
    said = gpus_said(plan, blade)
    return said.count if said else 0


def features_of(plan: Plan, blade: Blade) -> list[str]:
    """The Slurm features that the plan gives a blade."""
    return blade.features if blade.features is not None else plan.tiers[blade.tier].features


def node_keys(plan: Plan, blade: Blade) -> dict[str, str | int]:
    """What the plan says of a node's line in slurm.conf, as `Features`, `Weight` and other keys of Slurm."""
    tier = plan.tiers[blade.tier]
    features = features_of(plan, blade)
    weight = blade.weight if blade.weight is not None else tier.weight
    return {
        **({"Features": ",".join(features)} if features else {}),
        **({"Weight": weight} if weight is not None else {}),
        **blade.slurm.model_dump(exclude_none=True),
    }


def accounting_host(plan: Plan) -> str | None:
    """The blade that runs the accounting database; None where the plan wants none."""
    if isinstance(plan.accounting, AccountingPlace):
        return plan.accounting.host
    return plan.cluster.controller if plan.accounting else None


def rest_way(plan: Plan) -> RestWay | None:
    """Where the controller offers the REST interface; None where the plan wants none."""
    if isinstance(plan.rest, RestWay):
        return plan.rest
    return RestWay() if plan.rest else None


def login_blades(plan: Plan) -> list[str]:
    """The blades where users log in besides the controller, which has all they need by itself."""
    named = [plan.login] if isinstance(plan.login, str) else plan.login or []
    return [name for name in named if name != plan.cluster.controller]


def added_parts(plan: Plan, blade: Blade) -> dict[str, int]:
    """Parts the blade gets from the stock, by part number."""
    return blade.add if blade.add is not None else plan.tiers[blade.tier].add


def host_key_pins(blade: Blade) -> tuple[str, ...]:
    """The fingerprints of the host keys that the plan accepts of the blade; none: the first key is taken as it is."""
    return tuple(blade.host_key if isinstance(blade.host_key, list) else filter(None, [blade.host_key]))


def ram_now(blade: Blade) -> int:
    """Installed RAM in GiB."""
    return sum(blade.ram) if isinstance(blade.ram, list) else blade.ram


def ram_after(plan: Plan, blade: Blade) -> int:
    """RAM in GiB once the planned sticks are in. Parts the stock does not know count as nothing."""
    parts = added_parts(plan, blade).items()
    return ram_now(blade) + sum(
        plan.stock[part].size_gb * count
        for part, count in parts
        if part in plan.stock and plan.stock[part].kind == "ram"
    )


def scratch_layout(plan: Plan, blade: Blade) -> Scratch | None:
    """The scratch rule that holds for the blade: its own, its tier's, or none."""
    if blade.scratch == "none":
        return None
    return blade.scratch or plan.tiers[blade.tier].scratch


def scratch_proof(plan: Plan, blade: Blade) -> Proof:
    """How a disk of the blade is proved empty: as the blade says, else its tier, else the plan."""
    own = blade.scratch if isinstance(blade.scratch, Scratch) else None
    said = (rule.prove for rule in (own, plan.tiers[blade.tier].scratch, plan.scratch) if rule is not None)
    return next((prove for prove in said if prove is not None), "dense")


def scratch_disks(plan: Plan, blade: Blade) -> list[ScratchDisk]:
    """The disks that become scratch, in the order of the plan.

    A disk's own purpose wins; without one, the disks of the size class of the scratch rule are taken.
    """
    scratch = (disk for disk in blade.disks if is_scratch_entry(plan, blade, disk))
    return [ScratchDisk(disk.size_gb, disk.id) for disk in scratch for _ in range(disk.count)]


def job_tmp(plan: Plan, blade: Blade) -> JobTmp:
    """Where the folders of jobs are on a blade: as it says, else its tier, else on its scratch, if it has any."""
    said = blade.job_tmp or plan.tiers[blade.tier].job_tmp
    return said or ("scratch" if scratch_disks(plan, blade) else "shared")


def is_scratch_entry(plan: Plan, blade: Blade, disk: DiskEntry) -> bool:
    """Whether this entry of the blade's disks becomes scratch."""
    if blade.scratch == "none":
        return False
    if disk.purpose is not None:
        return disk.purpose == "scratch"
    rule = scratch_layout(plan, blade)
    return rule is not None and disk.size_gb == rule.size_gb
