"""Makes filesystems on disks that were proved empty a moment before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from . import journal, stamp
from .machine import Machine
from .model import Disk, Refusal, Slot, slot_number
from .proof import Proof


def make_filesystems(machine: Machine, slots: Sequence[Slot]) -> None:
    """Prove all disks empty, at the same time, and only then make the first filesystem.

    Raises:
        Refusal: a disk is not empty or is used by somebody, or mkfs failed.
    """
    with ExitStack() as held:
        proofs = [held.enter_context(closing(proof_of(machine, slot))) for slot in slots]
        establish_all(proofs)
        for slot, proof in zip(slots, proofs):
            make_filesystem(machine, slot, proof)


def proof_of(machine: Machine, slot: Slot) -> Proof:
    """The disk of a slot, opened to be proved empty.

    Raises:
        Refusal: it cannot be opened.
    """
    try:
        return Proof(machine, slot.disk, slot_number(slot.label))
    except OSError as problem:
        raise Refusal(
            f"{slot.disk.name} cannot be opened: {problem.strerror or problem}",
            "repair or replace it, or take it out of the plan",
        ) from problem


def establish_all(proofs: Sequence[Proof]) -> None:
    """Read all disks at the same time: each takes as long as its seeks."""
    with ThreadPoolExecutor(max_workers=max(1, len(proofs))) as pool:
        for done in [pool.submit(proof.establish) for proof in proofs]:
            done.result()


def make_filesystem(machine: Machine, slot: Slot, proof: Proof) -> None:
    """mkfs.xfs on a disk that is still as it was proved to be.

    Never with -f: mkfs.xfs itself looks for signatures and opens the device exclusively, which is one more
    guard. Never without -K: it would discard the whole disk, and what had been overlooked could not be got back.
    An own mkfs that was cut off is the one thing erased before, and made again under the same UUID, so that all
    it left is known by it.
    """
    uuid = uuid_for(proof.disk)
    journal.begin(machine.journal, proof.disk, uuid)
    proof.confirm()
    disk = proof.disk
    if disk.half_made:
        run_for(machine, ["wipefs", "--all", "--types", "xfs", disk.path], disk)
    run_for(machine, ["mkfs.xfs", "-q", "-K", "-m", f"uuid={uuid}", "-L", slot.label, disk.path], disk)
    journal.finish(machine.journal, disk)


def uuid_for(disk: Disk) -> str:
    """The mark of the new filesystem: that of the one which was begun here, or a new one."""
    if disk.begun and stamp.fits(disk.begun, disk.identities, disk.size_bytes):
        return disk.begun
    return stamp.make(disk.identities[0], disk.size_bytes, os.urandom(8))


def run_for(machine: Machine, command: Sequence[str], disk: Disk) -> None:
    """Run a program that works on a disk.

    Raises:
        Refusal: it is missing or failed.
    """
    output = machine.run(command)
    if output.code == 127:
        raise Refusal(f"{command[0]} is missing on the blade", "install it: apt-get install xfsprogs")
    if output.code:
        said = " ".join((output.err.strip() or output.out.strip()).split())
        raise Refusal(
            f"{command[0]} failed for {disk.name}: {said or f'exit code {output.code}'}",
            "the kernel log of the blade may say more: dmesg | tail",
        )
