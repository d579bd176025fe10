"""What a running slurmd holds of its node that is not so any more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.slurm.hardware import MEMORY_NOISE, parse_slurmd_c


def slurmd_outdated(facts: Mapping[str, Any]) -> list[str]:
    """What slurmd measured at its start and the blade has otherwise now, such as `scratch 258019 -> 285962 MiB`.

    It measures once. Where scratch came, or memory changed, while it ran, slurmctld drains the node for what it lacks,
    and goes on doing so until slurmd is restarted.

    Args:
        facts: the blade's `ansible_facts`: `blade`, and `scratch` where the role of this name worked in this run.
    """
    blade = facts["blade"]
    if not blade["slurmd_c"]:
        return []
    # What runs before slurmd takes it back.
    if blade.get("withheld"):
        return ["its GPUs were withheld"]
    held = blade.get("slurmd_holds") or {}
    if not held:
        # It runs and says nothing, since munge was down: what it holds of a scratch that was just mended is unknown.
        return ["scratch was mended"] if "scratch" in facts else []
    # Only what a restart surely changes is compared, or it would come again in every run: sockets are counted as the
    # cluster's SlurmdParameters say, and so are efficiency cores.
    now = parse_slurmd_c(str(blade["slurmd_c"]))
    there = facts.get("scratch") or {**blade["scratch"], "size_mib": blade["scratch"]["expected_mib"]}
    sizes = {"memory": now.memory_mib, "scratch": int(there["size_mib"])}
    found = [
        f"{name} {held[f'{name}_mib']} -> {size} MiB"
        for name, size in sizes.items()
        if size and abs(held[f"{name}_mib"] - size) > size * MEMORY_NOISE
    ]
    if held["cpus"] not in (now.cpus, blade["cpu"]["cpus"]):
        found.append(f"CPUs {held['cpus']} -> {now.cpus}")
    return found
