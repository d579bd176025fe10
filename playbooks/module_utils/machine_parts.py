"""What a machine has besides memory, processors and disks: its name plate, network interfaces and GPUs."""

from __future__ import annotations

import json

from ansible.module_utils.blade_gpus import on_the_bus
from ansible.module_utils.blade_machine import text
from ansible.module_utils.blade_software import run

MOST = 64


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
    return [f"{each['vendor']}:{each['device']}" for each in on_the_bus(folder)][:MOST]
