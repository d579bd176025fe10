"""What a plan says about a blade once tier defaults are applied. Pure functions over a `Plan`."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.plan.model import AccountingPlace, Blade, DiskEntry, Plan, Proof, Scratch, SlurmRole


@dataclass(frozen=True)
class ScratchDisk:
    """One scratch disk that the plan wants: by stable id, or any free one of a size class (GB)."""

    size_gb: int
    id: str | None = None


def slurm_role(plan: Plan, name: str) -> SlurmRole | None:
    """What the blade is in Slurm: the named controller, a compute node, or nothing."""
    if name == plan.cluster.controller:
        return SlurmRole.CONTROLLER
    tier = plan.tiers[plan.blades[name].tier]
    return SlurmRole.COMPUTE if SlurmRole.COMPUTE in tier.slurm else None


def members(plan: Plan) -> list[str]:
    """All blades that have a Slurm role, controller first, then by bay."""
    found = [name for name in plan.blades if slurm_role(plan, name)]
    return sorted(found, key=lambda name: (name != plan.cluster.controller, plan.blades[name].bay))


def accounting_host(plan: Plan) -> str | None:
    """The blade that runs the accounting database; None where the plan wants none."""
    if isinstance(plan.accounting, AccountingPlace):
        return plan.accounting.host
    return plan.cluster.controller if plan.accounting else None


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


def is_scratch_entry(plan: Plan, blade: Blade, disk: DiskEntry) -> bool:
    """Whether this entry of the blade's disks becomes scratch."""
    if blade.scratch == "none":
        return False
    if disk.purpose is not None:
        return disk.purpose == "scratch"
    rule = scratch_layout(plan, blade)
    return rule is not None and disk.size_gb == rule.size_gb
