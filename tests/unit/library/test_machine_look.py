"""What a machine tells before any plan knows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisioner.blade_shape import MACHINE
from provisioner.survey.machine import parse_machine
from tests.unit.library.modules import ansible_module, answer_of, shared

LOOK = ansible_module("machine_look")
PARTS = shared("machine_parts")
LINKS = [
    {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "address": "00:00:00:00:00:00", "addr_info": []},
    {
        "ifname": "eno1",
        "flags": ["BROADCAST", "UP"],
        "address": "52:54:00:12:34:56",
        "addr_info": [
            {"family": "inet", "local": "10.0.0.11", "prefixlen": 22, "scope": "global"},
            {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
            {"family": "inet6", "local": "fd00::11", "prefixlen": 64, "scope": "global"},
            {},
        ],
    },
    {"ifname": "wg0", "flags": ["POINTOPOINT"]},
]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The text files of a machine; what is not here is missing."""
    found: dict[str, str] = {}
    monkeypatch.setattr(PARTS, "text", lambda path: found.get(str(path), ""))
    return found


def test_interfaces_with_their_addresses(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PARTS, "run", lambda *command: json.dumps(LINKS))
    files["/sys/class/net/eno1/speed"] = "10000\n"
    files["/sys/class/net/wg0/speed"] = "-1\n"
    eno1 = {"name": "eno1", "mac": "52:54:00:12:34:56", "speed": 10_000}
    assert PARTS.interfaces() == [
        {**eno1, "addresses": ["10.0.0.11/22", "fd00::11/64"]},
        {"name": "wg0", "mac": "", "speed": 0, "addresses": []},
    ]


@pytest.mark.parametrize("said", ["", "{", "no such program"])
def test_without_ip_there_are_no_interfaces(said: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PARTS, "run", lambda *command: said)
    assert PARTS.interfaces() == []


def test_gpus_are_those_that_compute(tmp_path: Path) -> None:
    slots = {
        "0000:01:00.0": ("0x030200", "0x10de", "0x20b0"),
        "0000:02:00.0": ("0x030000", "0x10de", "0x2684"),
        "0000:03:00.0": ("0x038000", "0x1002", "0x740f"),
        "0000:04:00.0": ("0x030000", "0x1a03", "0x2000"),  # draws the console of a server
        "0000:05:00.0": ("0x030000", "0x8086", "0x3e92"),
        "0000:06:00.0": ("0x040300", "0x10de", "0x228b"),  # the sound of a graphics card
    }
    for slot, words in slots.items():
        (tmp_path / slot).mkdir()
        for name, word in zip(("class", "vendor", "device"), words, strict=True):
            (tmp_path / slot / name).write_text(f"{word}\n")
    assert PARTS.gpus(str(tmp_path)) == ["10de:20b0", "10de:2684", "1002:740f"]
    assert PARTS.gpus(str(tmp_path / "none")) == []


def test_the_name_plate(files: dict[str, str]) -> None:
    assert PARTS.serial() == ""
    files["/sys/class/dmi/id/product_serial"] = "CZ3340X1AB\n"
    assert PARTS.serial() == "CZ3340X1AB"


def test_a_machine_tells_what_a_plan_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine; its disks stay out, since a test looks at none that is not its own."""
    monkeypatch.setattr(LOOK, "reports", lambda machine: [{"path": "/dev/null", "size_gb": 1, "verdict": "free"}])
    answer: dict[str, Any] = answer_of(LOOK)
    facts = answer["ansible_facts"]["machine"]
    assert not answer.get("changed")
    assert not answer.get("failed")
    assert MACHINE(facts) == ""
    found = parse_machine(facts)
    assert found is not None
    assert found.cpus > 0
    assert [(drive.disk.path, drive.kind) for drive in found.drives] == [("/dev/null", "")]
