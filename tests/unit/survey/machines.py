"""Machines as they answer, for the tests of this folder."""

from __future__ import annotations

import copy
from typing import Any

from provisioner.survey.machine import Machine, parse_machine
from provisioner.survey.reach import Reach
from provisioner.survey.sorting import Seen
from provisioner.survey.targets import Target

FACTS: dict[str, Any] = {
    "host_name": "node001",
    "machine_id": "1" * 32,
    "os": {"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"},
    "init": "systemd",
    "read_only": False,
    "memory_mib": 64_000,
    "cpu": {"cpus": 32, "model": "AMD EPYC 7302  16-Core Processor"},
    "serial": "CZ3340X1AB",
    "interfaces": [
        {"name": "eno1", "mac": "52:54:00:12:34:01", "speed": 10_000, "addresses": ["10.0.0.11/24", "fd00::11/64"]}
    ],
    "gpus": [],
    "disks": [
        {
            "path": "/dev/sda",
            "size_gb": 480,
            "verdict": "boot",
            "evidence": ["/ is mounted from it"],
            "id": "/dev/disk/by-id/wwn-0x5000c500a1b2c301",
            "model": "SSD 480",
            "turns": False,
        }
    ],
}


def facts(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The facts of machine number so-and-so: no two of these have anything in common that is to be their own."""
    made = copy.deepcopy(FACTS)
    made["host_name"] = f"node{number:03}"
    made["machine_id"] = f"{number:032x}"
    made["serial"] = f"CZ3340X{number:03}"
    made["interfaces"][0]["mac"] = f"52:54:00:12:{number // 256:02x}:{number % 256:02x}"
    made["interfaces"][0]["addresses"] = [f"10.0.{number // 250}.{number % 250 + 10}/16"]
    made["disks"][0]["id"] = f"/dev/disk/by-id/wwn-0x5000c500a1b2{number:04x}"
    return {**made, **changes}


def machine(number: int = 1, **changes: Any) -> Machine:
    """The machine of these facts."""
    made = parse_machine(facts(number, **changes))
    assert made is not None
    return made


def seen(number: int = 1, name: str = "", address: str = "", user: str = "admin", **changes: Any) -> Seen:
    """That machine, reached at its own address unless another one is given."""
    made = machine(number, **changes)
    own = address or str(made.interfaces[0].addresses[0].ip)
    return Seen(Reach(Target(name or own, name), own, user, 22), made)


def free_disk(number: int, size_gb: int = 300, **changes: Any) -> dict[str, Any]:
    """A disk on which nothing is."""
    made = {
        "path": f"/dev/sd{chr(98 + number % 20)}",
        "size_gb": size_gb,
        "verdict": "free",
        "evidence": [],
        "id": f"/dev/disk/by-id/wwn-0x5000c500ffff{number:04x}",
        "model": "HDD",
        "turns": True,
    }
    return {**made, **changes}
