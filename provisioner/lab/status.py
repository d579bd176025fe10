"""What runs in a lab, for people and for scripts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from provisioner.lab import loops
from provisioner.lab.blades import Bench
from provisioner.lab.disks import GB, lab_disks
from provisioner.lab.lab import containers
from provisioner.lab.shared import Shared

# podman's words -> what they mean for a blade
_STATES = {"running": "on", "exited": "off", "stopped": "off"}


def blade_states(bench: Bench) -> list[dict[str, Any]]:
    """One record per blade of the lab, in the order of names; disk sizes in bytes."""
    states = []
    for blade, container in containers(bench).items():
        devices = loops.attached(bench.files.disks(blade))
        planned = lab_disks(bench.plan, blade) if blade in bench.plan.blades else []
        disks = [
            {
                "device": devices.get(bench.files.disks(blade) / disk.file),
                "id": disk.link,
                "size": disk.size,
            }
            for disk in planned
        ]
        states.append(
            {
                "blade": blade,
                "state": _STATES.get(container.state, container.state),
                "address": container.address,
                "os": container.release,
                "container": container.name,
                "disks": disks,
                "shared": asdict(container.shared) if container.shared else None,
            }
        )
    return states


def table(states: list[dict[str, Any]]) -> Table:
    """The records as a table."""
    # Most labs share nothing, and a column for it would be empty.
    shares = any(each["shared"] for each in states)
    shown = Table("blade", "state", "address", "os", "disks", *["shared"] * shares, box=None, pad_edge=False)
    for each in states:
        disks = [f"{disk['size'] // GB} GB ({Path(disk['device'] or 'detached').name})" for disk in each["disks"]]
        row = (each["blade"], each["state"], each["address"], each["os"], ", ".join(disks) or "-")
        shown.add_row(*row, *[Shared(**each["shared"]).text if each["shared"] else "-"] * shares)
    return shown
