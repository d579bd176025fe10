"""What a machine told, as the plan needs it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.survey.machine import installed_ram, parse_machine
from tests.unit.survey.machines import facts, free_disk, machine


def test_a_machine() -> None:
    found = machine(1)
    assert (found.host_name, found.release, found.cpus, found.ram) == ("node001", "12", 32, 64)
    assert found.cpu_model == "AMD EPYC 7302 16-Core Processor"
    assert (found.drives[0].id, found.drives[0].kind) == ("/dev/disk/by-id/wwn-0x5000c500a1b20001", "SSD")
    at = found.interface_of("10.0.0.11")
    assert at is not None
    assert (at[0].name, str(at[1].network)) == ("eno1", "10.0.0.0/16")
    assert found.interface_of("10.0.0.99") is None


@pytest.mark.parametrize(
    ("mib", "gib"),
    [
        (0, 1), (950, 1), (1_966, 2), (3_921, 4), (7_955, 8), (14_000, 14), (15_990, 16), (32_086, 32), (40_100, 40),
        (64_240, 64), (96_500, 96), (128_700, 128), (193_000, 192), (257_700, 256), (386_500, 384), (515_800, 512),
        (773_000, 768), (1_031_900, 1024), (2_063_800, 2048),
    ],
)  # fmt: skip
def test_memory_as_it_was_bought(mib: int, gib: int) -> None:
    assert installed_ram(mib) == gib


@given(st.integers(0, 2**40))
def test_no_machine_has_less_than_its_kernel_sees(mib: int) -> None:
    assert installed_ram(mib) >= 1
    assert mib / 1024 <= installed_ram(mib) <= max(1, mib / 1024 * 1.125 + 1)


@pytest.mark.parametrize(
    "serial",
    ["", "None", "To Be Filled By O.E.M.", "Default string", "System Serial Number", "Not Specified", "0", "0000000",
     "0123456789", "123456789", "N/A", "x", "CZ33 40", "{{ x }}", "-rf", "Unknown"],
)  # fmt: skip
def test_a_serial_number_that_names_no_machine_is_none(serial: str) -> None:
    assert machine(serial=serial).serial == ""


@pytest.mark.parametrize("serial", ["CZ3340X1AB", "VMware-42-1a", "7XK2Q32", "S.123/4_5"])
def test_a_serial_number(serial: str) -> None:
    assert machine(serial=serial).serial == serial


@pytest.mark.parametrize(
    "mac", ["", "00:00:00:00:00:00", "80:00:02:08:fe:80:00:00:00:00:00:00:00:11:75:00:00:77:00:01"]
)
def test_a_mac_that_is_none(mac: str) -> None:
    useless = ["rubbish", "10.0.0.1/99", "127.0.0.1/8", "0.0.0.0/0", "169.254.7.7/16", "224.0.0.1/24", "10.0.0.2/1"]
    useless += ["fe80::1/64", "::/0", "255.255.255.255/32"]
    row = {"name": "ib0", "mac": mac, "speed": 0, "addresses": ["10.0.0.1/24", *useless]}
    (interface,) = machine(interfaces=[row]).interfaces
    assert (interface.mac, [str(each) for each in interface.addresses]) == ("", ["10.0.0.1/24"])


@pytest.mark.parametrize(
    ("path", "turns", "kind"),
    [("/dev/sdb", True, "HDD"), ("/dev/sdb", False, "SSD"), ("/dev/nvme0n1", False, "NVMe"), ("/dev/vda", None, "")],
)
def test_the_kind_of_a_disk(path: str, turns: bool | None, kind: str) -> None:
    (drive,) = machine(disks=[free_disk(1, path=path, turns=turns)]).drives
    assert drive.kind == kind


@pytest.mark.parametrize(
    "change",
    [
        {"memory_mib": -1},
        {"memory_mib": "64"},
        {"cpu": {}},
        {"os": {"id": "debian"}},
        {"interfaces": [{"name": "a\nb", "mac": "", "speed": 0, "addresses": []}]},
        {"interfaces": {}},
        {"gpus": ["10de:{{x}}"]},
        {"disks": [None]},
        {"host_name": 7},
        {"machine_id": "a b"},
    ],
)
def test_an_answer_of_another_shape_is_none(change: dict[str, Any]) -> None:
    assert parse_machine(facts(**change)) is None


def test_no_answer_is_none() -> None:
    assert parse_machine(None) is None
    assert parse_machine({}) is None


def test_a_name_that_is_no_host_name_is_none() -> None:
    assert machine(host_name="-rf").host_name == ""
    assert machine(host_name="{{ x }}").host_name == ""
    assert machine(host_name="alpha.example.org").host_name == "alpha"


def test_a_disk_of_another_shape_is_left_out() -> None:
    assert machine(disks=[{"path": "/dev/sdb", "turns": True, "size_gb": -4, "verdict": "free"}]).drives == ()
