"""The partitions of a plan as a person or a script reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provisioner.names import folded
from provisioner.plan.derive_partitions import blades_by_partition, slurm_partitions
from provisioner.plan.model import Plan
from provisioner.slurm.times import DEFAULT_TIME, shorter


@dataclass(frozen=True)
class PartitionRow:
    """One partition: its blades, the times of a job (as long as the site says no other), and `more` of its line."""

    partition: str
    blades: list[str]
    default: bool
    max_time: str
    default_time: str
    priority_tier: int
    more: dict[str, str | int]

    @property
    def nodes(self) -> str:
        """Its blades as one node set, '' for none."""
        return folded(self.blades) if self.blades else ""

    @property
    def words(self) -> str:
        """What else is said of it, but that it is the default."""
        return "; ".join(key if value == "YES" else f"{key} {value}" for key, value in self.more.items())


def partition_rows(plan: Plan) -> list[PartitionRow]:
    """The partitions in the order of the plan; without its own, one per tier that has blades."""
    return [*_rows(plan)]


def _rows(plan: Plan) -> Iterator[PartitionRow]:
    blades = blades_by_partition(plan)
    for partition in slurm_partitions(plan):
        its, keys = blades[partition["name"]], dict[str, Any](partition.get("keys", {}))
        if its or plan.partitions:
            if "gpus" in partition:
                keys["GPUs"] = "only" if partition["gpus"] else "none"
            default = keys.pop("Default", "NO") == "YES"
            longest = partition["max_time"]
            usual = partition.get("default_time") or shorter(DEFAULT_TIME, longest)
            yield PartitionRow(partition["name"], its, default, longest, usual, partition["priority_tier"], keys)
