"""What a blade is made of: as a run found it, else as the plan says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.console_text import one_line
from provisioner.plan.overview import BayRow
from provisioner.slurm.node_gpus import gpu_words


@dataclass(frozen=True)
class Hardware:
    """A blade's row in the table of hardware; '' for what nobody knows.

    Args:
        source: `found` by a run, or `planned` where none has seen it.
    """

    cpu: str = ""
    cpus: str = ""
    memory: str = ""
    scratch: str = ""
    gpus: str = ""
    disks: str = ""
    address: str = ""
    seen: str = ""
    source: str = "planned"


def hardware_of(row: BayRow, record: Mapping[str, Any]) -> Hardware:
    """Of a blade of the plan; an empty record is that of a blade which no run has seen."""
    disks = ", ".join(row.disks)
    if record:
        made = found(record)
        return Hardware(**{**vars(made), "disks": disks, "address": row.address})
    gpus = str(row.gpus or "")
    return Hardware(cpu=_model(row.cpu or ""), memory=f"{row.ram_gb} GiB", gpus=gpus, disks=disks, address=row.address)


def found(record: Mapping[str, Any]) -> Hardware:
    """What a run found, from the registry, whose records have been checked."""
    made = record["hardware"]
    scratch = made.get("scratch_mib") or 0
    seen = record.get("seen")
    at = str(seen.get("at", "")) if isinstance(seen, Mapping) else ""
    return Hardware(
        cpu=_model(record.get("cpu_model", "")),
        cpus=f"{made['cpus']} ({made['sockets_per_board'] * made['boards']} x {made['cores_per_socket']} cores)",
        memory=gib(made["memory_mib"]),
        scratch=gib(scratch) if isinstance(scratch, int) and scratch else "",
        gpus=one_line(gpu_words(record), 100) if record.get("gpus") else "",
        address=one_line(record["address"], 60),
        seen=at[:10] if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", at) else "",
        source="found",
    )


def _model(cpu: str) -> str:
    """A CPU's name without what all of them have."""
    return one_line(" ".join(re.sub(r"\((R|TM)\)|\bCPU\b", " ", cpu[:200]).split()), 100)


def machine_words(hardware: Hardware) -> list[tuple[str, str]]:
    """Label and text of each part; '' for what nobody knows."""
    planned = " (by the plan)" if hardware.source == "planned" and hardware.memory else ""
    return [
        ("CPU", ", ".join(filter(None, (hardware.cpu, hardware.cpus)))),
        ("memory", f"{hardware.memory}{planned}"),
        ("scratch", hardware.scratch),
        ("GPUs", hardware.gpus),
        ("disks", hardware.disks),
        ("address", hardware.address),
    ]


def gib(mib: int) -> str:
    """MiB for a person."""
    size = mib / 1024
    return f"{size:.0f} GiB" if size >= 10 else f"{size:.1f} GiB"
