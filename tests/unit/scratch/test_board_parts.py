"""What a board tells of itself, from files as kernels of Debian 12 and 13 have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from playbooks.module_utils.blade_disks.machine import Machine
from playbooks.module_utils.blade_disks.parts import kernel_log, network_links, parts, warnings
from provisioner.blade_shape import PARTS


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with one network port, a bridge, and a memory controller."""
    net = tmp_path / "sys/class/net"
    for name, mac, speed, real in (
        ("eno1", "00:17:A4:77:00:01", "1000\n", True),
        ("eno2", "00:17:a4:77:00:02", "-1\n", True),
        ("br0", "00:17:a4:77:00:09", "1000\n", False),
        ("lo", "00:00:00:00:00:00", "", False),
    ):
        (net / name).mkdir(parents=True)
        (net / name / "address").write_text(f"{mac}\n")
        (net / name / "speed").write_text(speed)
        if real:
            (net / name / "device").mkdir()
    (tmp_path / "sys/class/dmi/id").mkdir(parents=True)
    (tmp_path / "sys/class/dmi/id/product_serial").write_text("CZ3111ABCD \n")
    (tmp_path / "sys/devices/system/edac/mc/mc0").mkdir(parents=True)
    (tmp_path / "sys/devices/system/edac/mc/mc0/ce_count").write_text("0\n")
    (tmp_path / "dev").mkdir()
    return Machine(dev=tmp_path / "dev", sys=tmp_path / "sys")


def test_only_hardware_counts_and_an_unknown_speed_is_none(machine: Machine) -> None:
    assert network_links(machine) == {"00:17:a4:77:00:01": 1000, "00:17:a4:77:00:02": 0}


def test_a_whole_answer_has_the_shape_that_is_let_in(machine: Machine) -> None:
    found = parts(machine)
    assert (found["serial"], found["disks"], found["warnings"]) == ("CZ3111ABCD", {}, [])
    assert PARTS(found) == ""
    assert PARTS(parts()) == "", "also of this very machine"


def test_corrected_errors_are_told_without_their_number(machine: Machine) -> None:
    (machine.sys / "devices/system/edac/mc/mc0/ce_count").write_text("17\n")
    assert warnings(machine, "") == ["memory errors were corrected (ECC, mc0)"]


LOGS = {
    "Debian 12, a bad sector": (
        "blk_update_request: critical medium error, dev sda, sector 1953512 op 0x0:(READ) flags 0x80700 phys_seg 1",
        ["the disk sda gives errors"],
    ),
    "Debian 13, a bad sector": (
        "4,1021,98,-;critical medium error, dev sdb, sector 8 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2",
        ["the disk sdb gives errors"],
    ),
    "a path that is gone": (
        "I/O error, dev nvme0n1, sector 0 op 0x1:(WRITE) flags 0x0 phys_seg 1 prio class 2",
        ["the disk nvme0n1 gives errors"],
    ),
    "SMART": (
        "sd 2:0:0:0: [sda] tag#3 Sense Key : Recovered Error [current]\n"
        "sd 2:0:0:0: [sda] tag#3 Add. Sense: Failure prediction threshold exceeded\n"
        "I/O error, dev sda, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
        ["the disk sda says that it will fail (SMART)"],
    ),
    "a CD, a loop device": ("I/O error, dev sr0, sector 0\nI/O error, dev loop0, sector 0 op 0x0:(READ)", []),
    "another sense": ("sd 2:0:0:0: [sda] tag#3 Add. Sense: No additional sense information", []),
    "a user's words": ("hello: critical medium error, dev tomorrow", []),
}


@pytest.mark.parametrize("case", LOGS)
def test_the_kernels_words_about_disks(machine: Machine, case: str) -> None:
    log, told = LOGS[case]
    assert warnings(machine, log) == told


def test_the_log_is_read_to_its_end_and_no_further(machine: Machine) -> None:
    assert kernel_log(machine) == ""
    (machine.dev / "kmsg").write_bytes(b"6,1,0,-;one\n6,2,0,-;tw\xff\n")
    assert "one" in kernel_log(machine)
    (machine.dev / "kmsg").unlink()
    os.mkfifo(machine.dev / "kmsg")
    assert kernel_log(machine) == ""
