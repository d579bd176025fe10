"""What tells one board from another, and what may go from it: serial number, links, disks. And what wears out.

All of it is read from files of the kernel, so that a look at a blade starts no program for it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .machine import Machine, read_text
from .tree import links, size_bytes, sysdir, whole_disks

MOST = 64
_GB = 10**9
# Characters of the kernel's log that are looked at; its buffer has less.
_MOST_LOG = 2**22
_DISK = r"(sd[a-z]{1,3}|vd[a-z]{1,2}|nvme\d{1,3}n\d{1,3})"
# Words of the kernel, of Debian 12 and 13: `critical medium error, dev sda, sector 8 op 0x0:(READ) ...`,
# `sd 0:0:0:0: [sda] Add. Sense: Failure prediction threshold exceeded`, which is how it shows SMART.
_ERRORS = re.compile(rf"(?:critical medium error|\bI/O error), dev {_DISK}\b")
_SMART = re.compile(rf"\[{_DISK}\] (?:tag#\d+ )?Add\. Sense: [^\n]*[Ff]ailure prediction")


def parts(machine: Machine | None = None) -> dict[str, Any]:
    """`{"serial", "links": {MAC: Mbit/s, 0 for unknown}, "disks": {id: GB}, "warnings": [sentence]}`."""
    machine = machine or Machine()
    return {
        "serial": read_text(machine.sys / "class/dmi/id/product_serial")[:100],
        "links": network_links(machine),
        "disks": disks(machine),
        "warnings": warnings(machine, kernel_log(machine)),
    }


def network_links(machine: Machine) -> dict[str, int]:
    """The speed of each network interface that is a piece of hardware, by its MAC; 0 where it is down."""
    found = {}
    for name in _listed(machine.sys / "class/net"):
        folder = machine.sys / "class/net" / name
        mac = read_text(folder / "address").lower()
        if (folder / "device").exists() and re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", mac):
            speed = read_text(folder / "speed")
            found[mac] = int(speed) if re.fullmatch(r"\d{1,7}", speed) else 0
    return dict(list(found.items())[:MOST])


def disks(machine: Machine) -> dict[str, int]:
    """The size (GB) of each whole disk that is built in and has a stable id."""
    found = {}
    for number, names in links(machine).items():
        # A partition is on another number, a volume on several.
        built_in = read_text(sysdir(machine, number) / "removable") == "0"
        if whole_disks(machine, number) == {number} and built_in and (size := size_bytes(machine, number) // _GB):
            found[names[0]] = size
    return dict(sorted(found.items())[:MOST])


def warnings(machine: Machine, log: str) -> list[str]:
    """What the kernel has seen since boot of memory and disks that wear out, without figures: these always grow."""
    controllers = machine.sys / "devices/system/edac/mc"
    counts = {name: read_text(controllers / name / "ce_count") for name in _listed(controllers)}
    worn = [name for name, count in counts.items() if count.isdecimal() and int(count)]
    failing = sorted(set(_SMART.findall(log)))
    erring = sorted(set(_ERRORS.findall(log)) - set(failing))
    return [
        *(f"memory errors were corrected (ECC, {name})" for name in worn),
        *(f"the disk {name} says that it will fail (SMART)" for name in failing),
        *(f"the disk {name} gives errors" for name in erring),
    ][:MOST]


def kernel_log(machine: Machine) -> str:
    """The kernel's log since boot, '' where it is not to be read."""
    try:
        log = os.open(machine.dev / "kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return ""
    found: list[bytes] = []
    size = 0
    try:
        while size < _MOST_LOG and (part := _record(log)) is not None:
            found.append(part)
            size += len(part)
    finally:
        os.close(log)
    return b"\n".join(found).decode(errors="replace")


def _record(log: int) -> bytes | None:
    """The next record, b'' for one that was overwritten meanwhile, None after the last."""
    try:
        return os.read(log, 8192) or None
    except BrokenPipeError:
        return b""
    except OSError:
        return None


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
