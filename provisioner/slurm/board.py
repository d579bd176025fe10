"""One board in the place of another: what is on record against what stands there now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.blade_shape import BOARD
from provisioner.console_text import their_words
from provisioner.errors import ProvisionError
from provisioner.slurm.hardware import MEMORY_NOISE
from provisioner.slurm.parts import part_words, serial_of

Record = Mapping[str, Any]


def parse_board(found: Any) -> dict[str, Any]:
    """The answer of `board_look` as the part of a record that tells boards apart.

    Raises:
        ProvisionError: it has another shape.
    """
    if trouble := BOARD(found):
        raise ProvisionError(f"what it says of its board {trouble}", "look at it: is it still yours?")
    return {
        "machine_id": found["machine_id"],
        "cpu_model": found["cpu"]["model"],
        "cpus": found["cpu"]["cpus"],
        "memory_mib": found["memory_mib"],
        "parts": {key: found["parts"][key] for key in ("serial", "links", "disks")},
    }


def refuse_same(name: str, blade: str, registry: Mapping[str, Record], board: Record) -> None:
    """A board that is known already is no other one.

    Args:
        name: the node's.
        blade: how the plan calls it.

    Raises:
        ProvisionError: it is the one on record, or that of another node.
    """
    serial = serial_of(board)
    if serial and serial == serial_of(registry[name]):
        raise ProvisionError(
            f"the board of {blade} is the one on record (serial number {serial})",
            f"nothing is to be replaced; after a new image: `provision reimaged {blade}`",
        )
    if all(row["old"] == row["new"] for row in compared(registry[name], board)):
        raise ProvisionError(f"the board of {blade} is as it is on record", "nothing is to be replaced")
    for other, record in registry.items():
        if other == name:
            continue
        if serial and serial == serial_of(record):
            raise ProvisionError(
                f"the board of {blade} is the one of {other} by its serial number {serial}",
                f"is it in the right bay? If it moved for good: `provision release {other}` first",
            )
        if board["machine_id"] and board["machine_id"] == record.get("machine_id"):
            raise ProvisionError(
                f"{blade} has the machine-id of {other}: one of both is a copy of the other's disk",
                f"run `rm /etc/machine-id; systemd-machine-id-setup` on {blade}, or image it",
            )


def compared(old: Record, new: Record) -> list[dict[str, str]]:
    """`{"what", "old", "new"}` for each thing that tells boards apart; equal where it is the same."""
    return [{"what": what, "old": before, "new": now} for what, before, now in _rows(old, new)]


def _rows(old: Record, new: Record) -> Iterator[tuple[str, str, str]]:
    before, now = part_words(old), part_words(new)
    unknown = "unknown"
    yield "serial number", before.get("serial number", unknown), now.get("serial number", unknown)
    yield "machine-id", _said(old, "machine_id"), _said(new, "machine_id")
    yield "processor", _said(old, "cpu_model"), _said(new, "cpu_model")
    yield "CPUs", str(old["hardware"]["cpus"]), str(new["cpus"])
    memory = int(old["hardware"]["memory_mib"])
    near = abs(memory - new["memory_mib"]) <= memory * MEMORY_NOISE
    yield "memory", f"{memory} MiB", f"{memory if near else new['memory_mib']} MiB"
    yield "network", before.get("links", unknown), now.get("links", unknown)
    yield "disks", before.get("disks", unknown), now.get("disks", unknown)


def _said(record: Record, key: str) -> str:
    return their_words(record.get(key) or "unknown", 80)


def line(row: Mapping[str, str]) -> str:
    """One row for a person."""
    same = row["old"] == row["new"]
    return f"  {row['what']}: {row['old']}" + (" (the same)" if same else f" -> {row['new']}")
