"""Which disks become scratch: by id, or by size class, count and an announcement. Pure; it never guesses.

Anything that does not fit the plan exactly is a `Refusal` that says what was found.
"""

from __future__ import annotations

from collections.abc import Sequence

from .advice import describe, describe_all, multipath, release
from .model import (
    GB,
    MOST_DISKS,
    Decision,
    Disk,
    Refusal,
    Slot,
    Waiting,
    Wanted,
    slot_label,
    slot_mount_point,
    slot_number,
)
from .verdict import BOOT, FREE, OURS, is_labelled, verdict

TOLERANCE = 0.05
"""A 300 GB disk behind a RAID controller shows some per mille less; 280 GB is another disk."""


def decide(
    disks: Sequence[Disk], wanted: Sequence[Wanted], by_name: dict[str, str], base: str, announced: bool = False
) -> Decision:
    """Map the wanted disks onto slots 1..n.

    A disk that is to be formatted needs somebody who named it: the plan by its id, or for a size class a person
    who announced the whole blade as new or reimaged. Without that its slot waits.

    Args:
        disks: all whole disks of the blade.
        wanted: what the plan wants, in its order.
        by_name: device number (`8:16`) of each wanted id that exists on the blade.
        base: mount point of slot 1.
        announced: the blade was announced as new or reimaged.

    Raises:
        Refusal: what was found differs from what the plan wants in any way.
    """
    if len(wanted) > MOST_DISKS:
        raise Refusal(f"the plan wants {len(wanted)} scratch disks", f"{MOST_DISKS} are the most that fit")
    _refuse_ambiguous_labels(disks)
    named = _named(disks, wanted, by_name)
    chosen = [*named, *_by_class(disks, wanted, named)]
    strangers = [d for d in disks if d not in chosen and 0 < slot_number(d.label) <= len(wanted)]
    if strangers:
        raise Refusal(
            f"a disk outside the plan carries the label of a wanted slot: {describe(strangers[0])}",
            "name this disk in the plan (`provision disks` prints the line), or give it another label",
        )
    warnings = [
        f"{disk.name} carries {disk.label}, which the plan no longer wants; it is left as it is"
        for disk in disks
        if disk not in chosen and slot_number(disk.label) > len(wanted)
    ]
    slots = _slots(chosen, len(wanted), base)
    waits = [slot for slot in slots if slot.format and not announced and slot.disk not in named]
    return Decision(
        tuple(slot for slot in slots if slot not in waits),
        tuple(warnings),
        tuple(Waiting(slot) for slot in waits),
    )


def in_class(disk: Disk, size_gb: int) -> bool:
    """Whether the disk is of this size class (GB of 10^9 bytes, 5 % tolerance)."""
    return abs(disk.size_bytes - size_gb * GB) <= TOLERANCE * size_gb * GB


def _refuse_ambiguous_labels(disks: Sequence[Disk]) -> None:
    """A label must lead to one device: mounting by label would pick any of two."""
    seen: dict[str, Disk] = {}
    for disk in disks:
        for label in (disk.label, *disk.partition_labels):
            if not slot_number(label):
                continue
            if label in seen and seen[label].path in disk.twins:
                raise Refusal(f"not empty: {describe(disk)}", multipath(disk))
            if label in seen:
                raise Refusal(
                    f"two devices carry the label {label}: {seen[label].name} and {disk.name}",
                    "unmount the wrong one and give it another label: xfs_admin -L OLD-SCRATCH DEVICE",
                )
            if label in disk.partition_labels:
                raise Refusal(
                    f"a partition of {disk.name} carries the label {label}, only whole disks may",
                    "unmount it and give it another label: xfs_admin -L OLD-SCRATCH DEVICE",
                )
            seen[label] = disk


def _named(disks: Sequence[Disk], wanted: Sequence[Wanted], by_name: dict[str, str]) -> list[Disk]:
    """The disks that the plan names. All problems are told at once."""
    chosen: list[Disk] = []
    problems: list[tuple[str, str]] = []
    for number, want in enumerate(wanted, start=1):
        if want.id is None:
            continue
        disk = next((d for d in disks if d.number == by_name.get(want.id)), None)
        if disk is None:
            known = "is not a whole disk" if want.id in by_name else "does not exist"
            problems.append(
                (
                    f"{want.id} {known} on this blade; found: {describe_all(disks)}",
                    "put the disk back, or correct the plan (`provision disks` prints its lines)",
                )
            )
        elif disk in chosen:
            problems.append((f"the plan names {disk.name} twice", "name each disk once"))
        elif not in_class(disk, want.size_gb):
            problems.append(
                (
                    f"{want.id} has {disk.size_gb} GB, the plan says {want.size_gb} GB",
                    f"see whether it is the right disk; then write size_gb: {disk.size_gb} into the plan",
                )
            )
        elif verdict(disk) not in (FREE, OURS) and not is_labelled(disk):
            problems.append((f"not empty: {describe(disk)}", release(disk, number)))
        elif verdict(disk) == FREE and want.id not in disk.links:
            problems.append(
                (
                    f"{want.id} is no name of one disk: another one may have it after the next boot",
                    f"write the disk's own name into the plan: {disk.links[0] if disk.links else 'it has none'}",
                )
            )
        else:
            chosen.append(disk)
    if problems:
        raise Refusal(" / ".join(what for what, _ in problems), " / ".join(then for _, then in problems))
    return chosen


def _by_class(disks: Sequence[Disk], wanted: Sequence[Wanted], taken: Sequence[Disk]) -> list[Disk]:
    """The disks of each size class: our own first, then as many free ones as are still missing."""
    chosen: list[Disk] = []
    for size_gb in sorted({want.size_gb for want in wanted if want.id is None}):
        count = sum(want.id is None and want.size_gb == size_gb for want in wanted)
        pool = [d for d in disks if d not in taken and in_class(d, size_gb)]
        ours = [d for d in pool if verdict(d) == OURS and slot_number(d.label) <= len(wanted)]
        free = [d for d in pool if verdict(d) == FREE]
        missing = count - len(ours)
        if missing < 0 or (missing > 0 and len(free) > missing):
            raise Refusal(
                f"the plan wants {count} of the {size_gb} GB disks and more could be meant: "
                + describe_all([*ours, *free]),
                "name the right ones by id in the plan (`provision disks` prints the lines)",
            )
        if len(free) < missing:
            raise _too_few(disks, pool, size_gb, count, len(ours) + 1)
        nameless = [disk for disk in free if not disk.identities]
        if missing and nameless:
            raise Refusal(
                f"{nameless[0].path} has neither serial number nor WWN, so it cannot be told from another disk",
                "give it one (a virtual disk has an option for it), or take it out of the plan",
            )
        chosen += ours + (free if missing else [])
    return chosen


def _too_few(disks: Sequence[Disk], pool: Sequence[Disk], size_gb: int, count: int, slot: int) -> Refusal:
    found = f"the plan wants {count} x {size_gb} GB scratch, found: {describe_all(disks)}"
    used = [disk for disk in pool if verdict(disk) not in (FREE, OURS, BOOT)]
    if used:
        return Refusal(found, " / ".join(release(disk, slot) for disk in used))
    if any(verdict(disk) == BOOT for disk in pool):
        return Refusal(
            found,
            f"say in the plan which disk boots, such as disks: [{{size_gb: {size_gb}, purpose: boot}}, "
            f"{{size_gb: {size_gb}, purpose: scratch}}]",
        )
    return Refusal(
        found,
        "correct the plan (`provision disks` prints its lines); a disk behind a RAID controller "
        "shows up only once it is a logical drive",
    )


def _slots(chosen: Sequence[Disk], count: int, base: str) -> tuple[Slot, ...]:
    """Our disks keep their label; the others get the labels that are left, in order."""
    numbers = [slot_number(disk.label) if is_labelled(disk) else 0 for disk in chosen]
    if any(number > count for number in numbers):
        disk = chosen[next(i for i, number in enumerate(numbers) if number > count)]
        raise Refusal(
            f"{disk.name} carries {disk.label}, but the plan has only {count} scratch disk{'' if count == 1 else 's'}",
            f"unmount it and relabel it: xfs_admin -L {slot_label(1)} {disk.name}",
        )
    left = [number for number in range(1, count + 1) if number not in numbers]
    slots = []
    for disk, number in zip(chosen, numbers):
        mine = number or left.pop(0)
        slots.append(Slot(slot_label(mine), slot_mount_point(base, mine), disk, format=not number))
    return tuple(sorted(slots, key=lambda slot: slot_number(slot.label)))
