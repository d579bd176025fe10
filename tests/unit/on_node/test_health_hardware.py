"""What the kernel says of the hardware, from trees as it shows them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from provisioner.on_node.health.hardware import counted_trouble, disk_trouble, lost_gpus, memory_errors

CONF = """ClusterName=asgard
NodeName=bld-0081 NodeAddr=10.20.0.81 CPUs=64 RealMemory=256000
NodeName=bld-008 NodeAddr=10.20.0.8 CPUs=16 Boards=1 SocketsPerBoard=2 RealMemory=31616 MemSpecLimit=1024
PartitionName=all Nodes=bld-008
"""


class Machine:
    """A tree with /proc, /sys and /run of a node."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.conf = root / "slurm.conf"
        self.conf.write_text(CONF)
        self.has("run/.keep", "")
        self.counts("0-15", 32_768)

    def has(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def counts(self, cpus: str, memory_mib: int, broken: int = 0) -> None:
        self.has("sys/devices/system/cpu/online", f"{cpus}\n")
        lines = f"MemTotal:       {memory_mib * 1024} kB\nMemFree:  1 kB\nHardwareCorrupted:     {broken} kB\n"
        self.has("proc/meminfo", lines)

    def trouble(self) -> str:
        return counted_trouble("bld-008", str(self.conf), str(self.root))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_node_that_has_all_of_it(machine: Machine) -> None:
    assert machine.trouble() == machine.trouble() == ""


@pytest.mark.parametrize(
    ("cpus", "memory", "words"),
    [
        ("0-14", 32_768, "15 of 16 CPUs are left"),
        ("0,2-15", 32_768, "15 of 16 CPUs are left"),
        ("0-15", 24_576, "24576 of 31616 MiB of memory are left"),
        # As much less as slurmctld tolerates.
        ("0-15", 30_100, ""),
    ],
)
def test_a_loss_since_boot(machine: Machine, cpus: str, memory: int, words: str) -> None:
    assert machine.trouble() == ""
    machine.counts(cpus, memory)
    assert machine.trouble() == words
    machine.counts("0-15", 32_768)
    assert machine.trouble() == ""


def test_a_loss_from_the_beginning_is_slurms_to_find(machine: Machine) -> None:
    machine.counts("0-7", 16_384)
    assert machine.trouble() == machine.trouble() == ""


def test_a_loss_that_was_accepted_is_none(machine: Machine) -> None:
    assert machine.trouble() == ""
    machine.counts("0-7", 16_384)
    assert machine.trouble()
    machine.conf.write_text(CONF.replace("CPUs=16", "CPUs=8").replace("31616", "16000"))
    assert machine.trouble() == ""


@pytest.mark.parametrize("gone", ["slurm.conf", "proc/meminfo", "sys/devices/system/cpu/online"])
def test_what_cannot_be_counted_is_not_lost(machine: Machine, gone: str) -> None:
    machine.trouble()
    machine.counts("0-7", 16_384)
    (machine.root / gone).unlink()
    found = machine.trouble()
    assert found == ("" if gone == "slurm.conf" else found)
    assert "0 of" not in found


def test_what_the_first_look_noted_may_be_damaged(machine: Machine) -> None:
    machine.has("run/slurm-health-boot", "nonsense")
    assert machine.trouble() == ""
    assert (machine.root / "run/slurm-health-boot").read_text() == "16 32768\n"


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ({"mc0": "0", "mc1": "0"}, ""),
        ({"mc0": "0", "mc1": "3"}, "memory had 3 errors that ECC could not correct (mc1)"),
        ({"mc0": "nonsense", "power": ""}, ""),
        ({}, ""),
    ],
)
def test_errors_that_ecc_could_not_correct(machine: Machine, errors: dict[str, str], words: str) -> None:
    for name, count in errors.items():
        machine.has(f"sys/devices/system/edac/mc/{name}/ue_count", f"{count}\n")
    assert memory_errors(str(machine.root)) == words


def test_memory_that_the_kernel_has_given_up(machine: Machine) -> None:
    machine.counts("0-15", 32_768, broken=4)
    assert memory_errors(str(machine.root)) == "4 KiB of memory are broken"


def test_this_machine_has_no_memory_errors() -> None:
    assert memory_errors() == ""


def test_gpus_that_are_lost_are_withheld_where_there_are_some(tmp_path: Path) -> None:
    program, told, ran = tmp_path / "slurm-gpus", tmp_path / "told", tmp_path / "ran"
    told.mkdir()
    program.write_text(f"#!/bin/sh\n[ ! -e {ran} ] || exit 1\ntouch {ran}\n")
    assert lost_gpus(str(program), str(told)) == ""
    program.chmod(0o755)
    assert (lost_gpus(str(program), str(told)), ran.exists()) == ("", False)
    (told / "gres.conf").touch()
    assert (lost_gpus(str(program), str(told)), ran.exists()) == ("", True)
    with pytest.raises(subprocess.CalledProcessError):
        lost_gpus(str(program), str(told))


def block(root: Path, place: Path, disk: str, state: str, raid: bool = False) -> None:
    """/sys of a filesystem on a partition of a disk, or on a RAID over such a partition."""
    device = place.stat().st_dev
    folder = root / "sys/devices/pci/block" / disk
    (folder / f"{disk}1").mkdir(parents=True)
    (folder / f"{disk}1" / "partition").write_text("1\n")
    (folder / "device").mkdir()
    (folder / "device" / "state").write_text(f"{state}\n")
    shown = folder / f"{disk}1"
    if raid:
        shown = root / "sys/devices/virtual/block/md0"
        (shown / "slaves").mkdir(parents=True)
        (shown / "slaves" / f"{disk}1").symlink_to(folder / f"{disk}1")
    link = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(shown)


@pytest.mark.parametrize("raid", [False, True])
@pytest.mark.parametrize(("state", "wrong"), [("running", False), ("live", False), ("offline", True), ("dead", True)])
def test_a_disk_that_the_kernel_has_given_up(tmp_path: Path, state: str, wrong: bool, raid: bool) -> None:
    block(tmp_path, tmp_path, "sdb", state, raid)
    words = f"the disk sdb below {tmp_path} is offline"
    assert disk_trouble(["/nowhere", str(tmp_path)], str(tmp_path)) == (words if wrong else "")


def test_a_filesystem_without_a_disk_has_none_that_is_offline(tmp_path: Path) -> None:
    assert disk_trouble([str(tmp_path)], str(tmp_path)) == disk_trouble(["/"]) == ""
