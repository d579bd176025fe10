"""Equal machines are one kind, and each kind becomes a tier. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from provisioner.survey.machine import UNKNOWN, Machine

# From here on a partition for each kind helps nobody: machines with GPUs and those without are two tiers.
MOST_TIERS = 6


@dataclass(frozen=True)
class Kind:
    """Equal machines as a tier: its name, what they are, and which free disks all of them have (GB: how many)."""

    tier: str
    what: str
    free_disks: Mapping[int, int] = field(default_factory=dict)


def sort_kinds(machines: Sequence[Machine]) -> list[Kind]:
    """The kind of each machine; equal ones have the same."""
    keys: list[Hashable] = [_key(machine) for machine in machines]
    if len(set(keys)) > MOST_TIERS:
        keys = [bool(machine.gpus) for machine in machines]
    groups = {
        key: [each for each, its in zip(machines, keys, strict=True) if its == key] for key in dict.fromkeys(keys)
    }
    kinds = dict(zip(groups, _named(list(groups.values())), strict=True))
    return [kinds[key] for key in keys]


def free_disks(machine: Machine) -> Counter[int]:
    """How many free disks of each size (GB) a machine has."""
    return Counter(max(1, drive.disk.size_gb) for drive in machine.drives if drive.disk.verdict == "free")


def _key(machine: Machine) -> Hashable:
    return (
        machine.cpus,
        machine.cpu_model,
        machine.ram,
        tuple(sorted(machine.gpus)),
        tuple(sorted(free_disks(machine).items())),
    )


def _named(groups: Sequence[Sequence[Machine]]) -> list[Kind]:
    """`compute` and `gpu`; with their size in the name where there are several of one sort."""
    stems = ["gpu" if group[0].gpus else "compute" for group in groups]
    sized = [f"{stem}-{group[0].cpus}c-{group[0].ram}g" for stem, group in zip(stems, groups, strict=True)]
    names = [stem if stems.count(stem) == 1 else size for stem, size in zip(stems, sized, strict=True)]
    seen: Counter[str] = Counter()
    kinds = []
    for name, group in zip(names, groups, strict=True):
        seen[name] += 1
        called = name if names.count(name) == 1 else f"{name}-{seen[name]}"
        shared = free_disks(group[0])
        for machine in group[1:]:
            shared &= free_disks(machine)
        kinds.append(Kind(called, _what(group), dict(shared)))
    return kinds


def _what(group: Sequence[Machine]) -> str:
    """`2 CPUs, 8 GiB, 1 GPU, Intel Xeon`; only what all of the group have in common."""
    parts = [
        (f"{machine.cpus} CPUs", f"{machine.ram} GiB", _gpus(machine), machine.cpu_model)
        for machine in group
        if machine is not UNKNOWN
    ]
    common = [values[0] for values in zip(*parts, strict=True) if len(set(values)) == 1]
    return ", ".join(filter(None, common)) or ("of several kinds" if parts else "not looked at")


def _gpus(machine: Machine) -> str:
    counts = Counter(machine.gpus)
    return ", ".join(f"{count} x GPU {kind}" for kind, count in sorted(counts.items()))
