"""What a machine has besides memory, processors and disks: its name plate, network interfaces and GPUs."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.blade_machine import text
from ansible.module_utils.blade_software import run

MOST = 64
# PCI classes of a GPU: VGA, 3D and display controllers, and processing accelerators.
_GPU_CLASSES = ("0x0300", "0x0302", "0x0380", "0x1200")
# NVIDIA and AMD; what only draws a console (ASPEED, Matrox, Intel's own) computes nothing.
_GPU_VENDORS = ("0x10de", "0x1002")


def serial():
    """The serial number on the name plate as the firmware tells it, '' where it tells none."""
    return text("/sys/class/dmi/id/product_serial").strip()[:100]


def interfaces():
    """Each network interface with a name, a MAC, its speed in Mbit/s (0: unknown) and its addresses `A.B.C.D/24`."""
    try:
        links = json.loads(run("ip", "-json", "address", "show") or "[]")
    except ValueError:
        return []
    found = []
    for link in links:
        if "LOOPBACK" in link.get("flags", []):
            continue
        rows = [row for row in link.get("addr_info", []) if row.get("scope") == "global" and row.get("local")]
        addresses = [f"{row['local']}/{row['prefixlen']}" for row in rows]
        name = link.get("ifname", "")
        found.append(
            {"name": name, "mac": link.get("address", ""), "speed": speed(name), "addresses": addresses[:MOST]}
        )
    return found[:MOST]


def speed(name):
    """Mbit/s of an interface, 0 where nobody knows."""
    words = text(f"/sys/class/net/{name}/speed").strip()
    return int(words) if words.isdigit() else 0


def gpus(folder="/sys/bus/pci/devices"):
    """`vendor:device` of every GPU, in the order of their slots."""
    found = []
    for slot in sorted(Path(folder).glob("*")):
        kind, vendor, device = (text(slot / name).strip() for name in ("class", "vendor", "device"))
        if kind.startswith(_GPU_CLASSES) and vendor in _GPU_VENDORS:
            found.append(f"{vendor[2:]}:{device[2:]}")
    return found[:MOST]
