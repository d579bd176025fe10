"""A machine as it told what it is, made of facts that were checked. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any

from provisioner.blade_shape import MACHINE
from provisioner.disks import STABLE_ID, FoundDisk, parse_report
from provisioner.names import NAME

_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_NO_MACS = {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{2,62}")
# What boards say whose maker wrote nothing.
_NO_SERIALS = re.compile(
    r"none|n/?a|o\.?e\.?m\.?|unknown|invalid|empty|not[-_.]?(specified|available|applicable)|default[-_.]?string"
    r"|system[-_.]?serial[-_.]?number|to[-_.]?be[-_.]?filled.*|serial|chassis|0+|1+|x+|0?123456789(0|abcdef)?",
    re.IGNORECASE,
)
_LARGEST = {4: 8, 6: 16}
_HOST_NAME = re.compile(NAME)


@dataclass(frozen=True)
class Interface:
    """A network interface; `speed` in Mbit/s, 0 where nobody knows."""

    name: str
    mac: str
    speed: int
    addresses: tuple[IPv4Interface | IPv6Interface, ...]


@dataclass(frozen=True)
class Drive:
    """A disk, and its kind in a word: NVMe, SSD, HDD, or '' when unknown."""

    disk: FoundDisk
    kind: str

    @property
    def id(self) -> str:
        """Its stable id, '' for none."""
        return self.disk.id if STABLE_ID.fullmatch(self.disk.id) else ""


@dataclass(frozen=True)
class Machine:
    """What a machine is. Memory in MiB as its kernel counts it, `ram` in GiB as it was bought."""

    host_name: str
    machine_id: str
    os_id: str
    release: str
    os_name: str
    init: str
    read_only: bool
    memory_mib: int
    cpus: int
    cpu_model: str
    serial: str = ""
    gpus: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    drives: tuple[Drive, ...] = field(default=())

    @property
    def ram(self) -> int:
        """GiB that are built in: the kernel keeps some for itself, and modules are of even sizes."""
        return installed_ram(self.memory_mib)

    def interface_of(self, address: str) -> tuple[Interface, IPv4Interface | IPv6Interface] | None:
        """The interface that has an address, and the address with its network; None behind a translated address."""
        for interface in self.interfaces:
            for own in interface.addresses:
                if str(own.ip) == address:
                    return interface, own
        return None


UNKNOWN = Machine("", "", "", "", "", "", read_only=False, memory_mib=0, cpus=0, cpu_model="")
"""A machine that was not asked."""


def parse_machine(facts: Any) -> Machine | None:
    """The machine in the facts that `machine_look` set; None for what has another shape."""
    if MACHINE(facts):
        return None
    system, drives = facts["os"], facts["disks"]
    return Machine(
        host_name=_only(_HOST_NAME, facts["host_name"].split(".")[0]),
        machine_id=facts["machine_id"],
        os_id=system["id"],
        release=system["version_id"],
        os_name=system["pretty_name"],
        init=facts["init"],
        read_only=facts["read_only"],
        memory_mib=facts["memory_mib"],
        cpus=facts["cpu"]["cpus"],
        cpu_model=" ".join(facts["cpu"]["model"].split()),
        serial="" if _NO_SERIALS.fullmatch(facts["serial"].replace(" ", "-")) else _only(_SERIAL, facts["serial"]),
        gpus=tuple(facts["gpus"]),
        interfaces=tuple(_interface(row) for row in facts["interfaces"]),
        drives=tuple(_drives(drives)),
    )


def installed_ram(memory_mib: int) -> int:
    """GiB of the modules: up to a unit of about a sixteenth of the whole, at least 1."""
    seen = max(memory_mib, 1) / 1024
    unit = 2 ** max(0, math.floor(math.log2(seen / 16))) if seen > 16 else 1
    return math.ceil(seen / unit) * unit


def _drives(rows: Sequence[Mapping[str, Any]]) -> list[Drive]:
    found = []
    for row in rows:
        for disk in parse_report([{key: value for key, value in row.items() if key != "turns"}]):
            fast = "NVMe" if disk.path.startswith("/dev/nvme") else "SSD"
            found.append(Drive(disk, {True: "HDD", False: fast, None: ""}[row["turns"]]))
    return found


def _interface(row: Mapping[str, Any]) -> Interface:
    mac = row["mac"].lower()
    addresses = tuple(address for text in row["addresses"] if (address := _address(text)))
    usable = _MAC.fullmatch(mac) and mac not in _NO_MACS
    return Interface(row["name"], mac if usable else "", row["speed"], addresses)


def _address(text: str) -> IPv4Interface | IPv6Interface | None:
    """An address that other machines can reach, in a network of a size that there is; None for any other."""
    try:
        found = ip_interface(text)
    except ValueError:
        return None
    own = found.ip
    alone = own.is_unspecified or own.is_multicast or own.is_loopback or own.is_link_local
    return None if alone or own.is_reserved or found.network.prefixlen < _LARGEST[own.version] else found


def _only(form: re.Pattern[str], text: str) -> str:
    return text if form.fullmatch(text) else ""
