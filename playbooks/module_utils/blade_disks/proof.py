"""Proves, right before a disk is formatted, that nothing is on it and nobody uses it. Reads only.

Two of the three conditions: nothing known is on the disk, and dense reading finds only zeros. The third, that
a person named it, is in `decide`. On a 10k SAS disk this takes 15 to 25 s: 2,600 seeks of 4 to 7 ms (half a turn
included) and 510 MiB.
"""

from __future__ import annotations

from dataclasses import replace

from . import content, inspect, journal, places, reading, signatures, stamp, users
from .advice import describe, release
from .machine import Machine
from .model import Disk, Refusal
from .verdict import FREE, verdict

SIGNED_STARTS = tuple(start for start in places.STARTS if 0 < start <= 2 * places.GIB)
"""Where libblkid looks for partitions without a table. Further away `dense` finds them, only without their name."""


class Proof:
    """A disk that was proved empty, held open: until `close` its number cannot pass to another disk."""

    def __init__(self, machine: Machine, disk: Disk, slot: int) -> None:
        self._machine = machine
        self._slot = slot
        self._reader = reading.Reader(disk.path)
        self.disk = disk
        self._traces: list[str] = []

    def close(self) -> None:
        """Lets go of the disk."""
        self._reader.close()

    def establish(self) -> None:
        """Read the disk densely, once.

        Raises:
            Refusal: something is on the disk, somebody uses it, or it changes.
        """
        before = self._same_disk()
        self._refuse_known()
        try:
            self._refuse_content(places.to_read(self.disk.size_bytes))
        except OSError as problem:
            self._refuse(replace(self.disk, error=problem.strerror or str(problem)))
        self._traces = before
        self._refuse_changed()

    def confirm(self) -> None:
        """Look again, a moment before the disk is written to: nothing has changed since it was read.

        Raises:
            Refusal: it is another disk, it was written to, or somebody uses it by now.
        """
        self._refuse_changed()
        self._refuse_used()
        self._refuse_changed()

    def _refuse_changed(self) -> None:
        if self._same_disk() != self._traces:
            raise Refusal(
                f"{self.disk.name} changes: it was written to or replaced while it was read",
                f"find out who writes to it, such as by fuser --verbose {self.disk.path}",
            )

    def _same_disk(self) -> list[str]:
        """What the kernel counts of the disk.

        Raises:
            Refusal: the name leads to another disk than the one that was chosen.
        """
        inspect.refuse_another(self._machine, self.disk, self._reader.number)
        return reading.traces(self._machine.sys, self.disk.number)

    def _refuse_known(self) -> None:
        """Signatures at both ends, at the usual starts of partitions, and users."""
        self.disk = self._refuse_used()
        starts = [start for start in SIGNED_STARTS if start < self.disk.size_bytes]
        deeper = signatures.deeper(self._machine, self.disk.path, starts, self.disk.begun)
        if deeper:
            journal.remember_content(self._machine.journal, self.disk, deeper[0][0])
            self._refuse(replace(self.disk, deeper=tuple(f"{kind} at byte {offset}" for offset, kind in deeper)))

    def _refuse_used(self) -> Disk:
        return refuse_used(self._machine, self.disk, self._slot)

    def _refuse_content(self, pieces: list[tuple[int, int]]) -> None:
        found = reading.first_content(self._reader, pieces, stamp.as_bytes(self.disk.begun))
        if found is not None:
            journal.remember_content(self._machine.journal, self.disk, found)
            self._refuse(inspect.named(self._machine, replace(self.disk, content_at=found)))

    def _refuse(self, disk: Disk) -> None:
        raise Refusal(f"not empty: {describe(disk)}", release(disk, self._slot))


def refuse_used(machine: Machine, disk: Disk, slot: int) -> Disk:
    """The quick part of the proof, also for check mode: what the disk carries now, and who uses it.

    Returns:
        The disk as it is now.

    Raises:
        Refusal: something is on the disk, or somebody uses it.
    """
    now = inspect.examine(machine, disk)
    if verdict(now) == FREE:
        now = replace(now, uses=tuple(users.lasting_uses(machine, now)))
    if verdict(now) != FREE or content.held_by_another(now.path):
        raise Refusal(f"not empty any more: {describe(now)}", release(now, slot))
    return now
