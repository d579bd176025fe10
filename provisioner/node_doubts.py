"""What a person should know of a compute node that nobody has to mend at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.scratch_notes import scratch_notes
from provisioner.slurm.node_gpus import gpu_doubts
from provisioner.slurm.parts import slow_links
from provisioner.slurm.record import record_doubts


def node_doubts(facts: Mapping[str, Any], blade: str, gpus: int | None) -> list[str]:
    """Doubts about its hardware, its scratch and its GPUs, each with its next step.

    Args:
        facts: the node's facts, as this run found or left them.
        blade: its name in the plan.
        gpus: how many the plan gives it, None where it says nothing.
    """
    found = facts["blade"]
    parts = found.get("parts") or {}
    worn = [f"{line}; next: replace that part before it fails" for line in parts.get("warnings", ())]
    return [
        *record_doubts(found), *scratch_notes(facts, blade), *gpu_doubts(found, gpus), *slow_links(parts), *worn,
    ]  # fmt: skip
