"""What a person is told of scratch: a line for each disk or mount point, made of what is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbooks.module_utils.blade_disks.apply import WRITE_FSTAB
from playbooks.module_utils.blade_disks.model import GB, Disk, Slot
from playbooks.module_utils.blade_disks.scratch import lines

DISK = Disk("/dev/sda", "8:0", 300 * GB, links=("/dev/disk/by-id/wwn-a",), identities=("wwn-a",))
OTHER = replace(DISK, path="/dev/sdb", number="8:16", links=("/dev/disk/by-id/wwn-b",), identities=("wwn-b",))
NEW, OLD = Slot("PROV-SCR-1", "/scratch", DISK, True), Slot("PROV-SCR-1", "/scratch", DISK, False)
SECOND = Slot("PROV-SCR-2", "/scratch2", OTHER, False)
MAKE = [f"format {DISK.name} as PROV-SCR-1", WRITE_FSTAB, "mount PROV-SCR-1 at /scratch"]
OPEN, MOUNT = "open /scratch to all users (1777)", "mount PROV-SCR-2 at /scratch2"
CASES = {
    "nothing to do": ([OLD, SECOND], [], []),
    "a new disk is one line": ([NEW], [*MAKE, OPEN], ["/dev/sda: empty -> XFS at /scratch"]),
    "one that a killed run began": (
        [replace(NEW, disk=replace(DISK, begun="1"))],
        MAKE,
        ["/dev/sda: half made -> XFS at /scratch"],
    ),
    "unmounted": ([OLD], [MAKE[2]], ["/scratch: not mounted -> /dev/sda"]),
    "lost at boot": ([OLD], [WRITE_FSTAB], ["/etc/fstab: content"]),
    "closed": ([OLD], [OPEN], ["/scratch: closed -> open to all users"]),
    "a new one beside an old one": (
        [NEW, SECOND],
        [*MAKE, MOUNT, OPEN],
        ["/dev/sda: empty -> XFS at /scratch", "/scratch2: not mounted -> /dev/sdb"],
    ),
    "mount points that begin alike": ([OLD, SECOND], [MOUNT], ["/scratch2: not mounted -> /dev/sdb"]),
    "a step of its own": (
        [],
        ["read all of /dev/sda in the background"],
        ["disks: read all of /dev/sda in the background"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_done_is_told_by_disk_or_mount_point(case: str) -> None:
    slots, actions, told = CASES[case]
    assert lines(slots, actions) == told


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_told_without_an_action_and_no_action_goes_untold(case: str) -> None:
    slots, actions, _ = CASES[case]
    assert lines([slot for slot in slots if not slot.format], []) == []
    assert bool(lines(slots, actions)) == bool(actions)
