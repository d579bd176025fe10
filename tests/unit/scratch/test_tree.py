"""Which disk is below what is mounted, over a /sys and a /proc as a blade with LVM on md shows them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from playbooks.module_utils.blade_disks import tree
from playbooks.module_utils.blade_disks.content import samples
from playbooks.module_utils.blade_disks.machine import Machine
from playbooks.module_utils.blade_disks.places import SAMPLE


def device(sys: Path, place: str, number: str, partition: bool = False, on: tuple[str, ...] = ()) -> None:
    """A block device in a made-up /sys; `on` are the places of the devices it lies on."""
    folder = sys / "devices" / place
    (folder / "slaves").mkdir(parents=True)
    (folder / "holders").mkdir()
    (folder / "dev").write_text(f"{number}\n")
    (folder / "size").write_text("2048\n")
    if partition:
        (folder / "partition").write_text("1\n")
    for below in on:
        (folder / "slaves" / Path(below).name).symlink_to(sys / "devices" / below)
        (sys / "devices" / below / "holders" / folder.name).symlink_to(folder)
    (sys / "dev/block").mkdir(parents=True, exist_ok=True)
    (sys / "dev/block" / number).symlink_to(folder)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """sda1 and sdb1 form md0, which holds the volume dm-0; sdc is bare."""
    sys = tmp_path / "sys"
    for name, number in (("sda", "8:0"), ("sdb", "8:16"), ("sdc", "8:32")):
        device(sys, name, number)
    device(sys, "sda/sda1", "8:1", partition=True)
    device(sys, "sdb/sdb1", "8:17", partition=True)
    device(sys, "md0", "9:0", on=("sda/sda1", "sdb/sdb1"))
    device(sys, "dm-0", "254:0", on=("md0",))
    (sys / "devices/dm-0/dm").mkdir()
    (sys / "devices/dm-0/dm/name").write_text("vg-root\n")
    for process in ("1", "self"):
        (tmp_path / "proc" / process).mkdir(parents=True)
    (tmp_path / "proc/1/mountinfo").write_text(
        "22 1 254:0 / / rw shared:1 - ext4 /dev/mapper/vg-root rw\n23 22 0:21 / /proc rw - proc proc rw\n"
        "25 22 8:1 / /only/for/process/1 rw - ext4 /dev/sda1 rw\n"
    )
    (tmp_path / "proc/self/mountinfo").write_text(
        "22 1 254:0 / / rw - ext4 /dev/mapper/vg-root rw\n24 22 8:32 / /srv/my\\040data rw - xfs /dev/sdc rw\n"
    )
    return Machine(dev=tmp_path / "dev", sys=sys, proc=tmp_path / "proc")


def test_root_on_lvm_on_md_lies_on_both_disks(machine: Machine) -> None:
    assert tree.whole_disks(machine, "254:0") == {"8:0", "8:16"}
    assert tree.whole_disks(machine, "8:17") == {"8:16"}
    assert tree.whole_disks(machine, "8:32") == {"8:32"}


def test_mounts_of_process_1_and_of_this_one_count_and_blanks_are_read(machine: Machine) -> None:
    assert tree.mounts(machine) == [
        ("254:0", "/"),
        ("8:1", "/only/for/process/1"),
        ("8:32", "/srv/my data"),
    ]


def test_holders_are_found_on_partitions_and_named(machine: Machine) -> None:
    assert tree.holders(machine, "8:0") == ("md0",)
    assert tree.holders(machine, "9:0") == ("dm-0 (vg-root)",)
    assert tree.holders(machine, "8:32") == ()


def test_no_device_node_no_disk(machine: Machine) -> None:
    """/sys is shared with the host in a container; a file that only looks like a node is none either."""
    machine.dev.mkdir()
    (machine.dev / "sdc").write_text("")
    assert list(tree.nodes(machine)) == []


@pytest.mark.parametrize("name", ["sda", "sdab", "vda", "xvda", "nvme0n1", "mmcblk0", "hda"])
def test_names_of_whole_disks(name: str) -> None:
    assert tree.WHOLE_DISK.fullmatch(name)


@pytest.mark.parametrize("name", ["sda1", "nvme0n1p1", "nvme0", "loop0", "dm-0", "md0", "sr0", "zram0", "ram0", "nbd0"])
def test_names_of_other_devices(name: str) -> None:
    assert not tree.WHOLE_DISK.fullmatch(name)


@pytest.mark.parametrize("size", [512, 2**20, 3 * 2**20 + 512, 146 * 10**9, 300 * 10**9 // 512 * 512])
def test_samples_lie_inside_and_cover_both_ends(size: int) -> None:
    found = list(samples(size))
    assert all(offset >= 0 and offset + length <= size and length > 0 for offset, length in found)
    assert min(offset for offset, _ in found) == 0
    assert max(offset + length for offset, length in found) == size


def test_no_gap_of_300_gb_is_larger_than_promised() -> None:
    size = 300 * 10**9 // 512 * 512
    offsets = sorted(offset for offset, _ in samples(size))
    assert max(b - a for a, b in pairwise(offsets)) < 2.4e9 + SAMPLE
