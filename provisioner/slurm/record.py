"""One node's record for the registry, from what `blade_facts` and the scratch role found on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.slurm.hardware import disagreement, parse_slurmd_c


def node_record(blade: Mapping[str, Any], place: Mapping[str, Any], seen: Mapping[str, str]) -> dict[str, Any]:
    """The record of a node that this run touched.

    Args:
        blade: the facts of `blade_facts`, with `slurmd_c` as printed by slurmd.
        place: `{"blade", "address", "bay", "tier", "scratch_mib"}` as the plan and the run say.
        seen: `{"run": id, "at": ISO time}`.

    Raises:
        ValueError: slurmd printed nothing usable.
    """
    hardware = parse_slurmd_c(str(blade.get("slurmd_c", "")), int(place["scratch_mib"]))
    return {
        "blade": place["blade"],
        "address": place["address"],
        "bay": int(place["bay"]),
        "tier": place["tier"],
        "cpu_model": blade["cpu"]["model"],
        "machine_id": blade["machine_id"],
        "hardware": hardware.as_dict(),
        "seen": dict(seen),
    }


def record_doubts(blade: Mapping[str, Any]) -> list[str]:
    """Where slurmd and the kernel disagree about the node; worth a line in the summary."""
    counted = {"cpus": blade["cpu"]["cpus"], "memory_mib": blade["memory_mib"]}
    return disagreement(parse_slurmd_c(str(blade.get("slurmd_c", ""))), counted)
