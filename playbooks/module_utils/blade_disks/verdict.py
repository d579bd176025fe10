"""What a disk is: the boot disk, ours, free, or in use by something. Pure."""

from __future__ import annotations

from typing import Any

from .model import Disk, slot_number

SYSTEM_MOUNTS = ("/", "/boot", "/boot/efi", "/usr", "/var", "/etc")
"""A disk that carries one of these is the boot disk, whatever else may be on it."""

BOOT, OURS, FREE, USED = "boot", "scratch", "free", "used"


def verdict(disk: Disk) -> str:
    """boot, scratch (made by us for this very disk), free (nothing found at all) or used."""
    if any(mount in SYSTEM_MOUNTS for mount in disk.mounts):
        return BOOT
    if is_ours(disk):
        return OURS
    return USED if evidence(disk) else FREE


def is_ours(disk: Disk) -> bool:
    """A filesystem with our label that was made for this very disk, and nothing else on the disk."""
    return disk.stamped and is_labelled(disk)


def is_labelled(disk: Disk) -> bool:
    """Our label on an XFS that fills the whole disk, complete, and nothing else on the disk; whoever made it."""
    return bool(
        slot_number(disk.label)
        and disk.signatures == ("xfs",)
        and not disk.half_made
        and not (disk.table or disk.partitions or disk.holders or disk.swap or disk.error or disk.twins)
        and not disk.read_only
        and set(disk.mounts) == set(disk.whole_mounts)
    )


def evidence(disk: Disk) -> list[str]:
    """Everything that speaks against writing to the disk, the strongest first; [] for a free disk."""
    found = [f"{mount} is mounted from it" for mount in disk.mounts]
    found += [f"the same disk as {twin}, seen over two paths" for twin in disk.twins]
    found += [f"swap on {device}" for device in disk.swap]
    found += [f"held by {holder}" for holder in disk.holders]
    found += _on_disk(disk)
    found += disk.uses
    if disk.busy:
        found.append("another program holds it open")
    if disk.read_only:
        found.append("read-only")
    if disk.removable:
        found.append("removable medium")
    if disk.error:
        found.append(f"could not be read: {disk.error}")
    return found


def _on_disk(disk: Disk) -> list[str]:
    """Signatures and content. What our own mkfs left when it was cut off does not count, and nothing beside it."""
    found = []
    if disk.table:
        found.append(f"partition table {disk.table}: {', '.join(disk.partitions) or 'no partition'}")
    if not is_own_remains(disk):
        found += [_signature(disk, signature) for signature in disk.signatures]
    found += disk.deeper
    if disk.content_at is not None:
        found.append(f"not empty: unknown content at byte {disk.content_at}")
    return found


def is_own_remains(disk: Disk) -> bool:
    """Whether the one signature on the disk is the very filesystem that our mkfs began here and never finished."""
    return bool(
        disk.begun
        and disk.signatures == ("xfs",)
        and disk.half_made
        and disk.uuid == disk.begun
        and disk.stamped
        and slot_number(disk.label)
    )


def _signature(disk: Disk, signature: str) -> str:
    if signature == disk.fstype and disk.half_made:
        return "an xfs that was never finished"
    if signature == disk.fstype and slot_number(disk.label) and not disk.stamped:
        return f"{signature} labelled {disk.label}, but not made by us for this disk"
    if signature == disk.fstype and disk.label:
        return f"{signature} labelled {disk.label}"
    return signature


def report(disk: Disk) -> dict[str, Any]:
    """The disk as `provision disks` shows it; plain data for JSON."""
    return {
        "path": disk.path,
        "id": disk.links[0] if disk.links else "",
        "size_gb": disk.size_gb,
        "size_bytes": disk.size_bytes,
        "model": disk.model,
        "serial": disk.serial,
        "label": disk.label,
        "verdict": verdict(disk),
        "evidence": evidence(disk),
    }
