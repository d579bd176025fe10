"""The GPUs of a blade: what stands on its PCI bus, which driver has it, and the device file that programs open."""

from __future__ import annotations

import re
from pathlib import Path

from ansible.module_utils.blade_machine import text

MOST = 64
# PCI classes of a GPU: VGA, 3D and display controllers, and processing accelerators.
_CLASSES = ("0x0300", "0x0302", "0x0380", "0x1200")
# Of these no AMD processor has one built in that draws a console.
_ACCELERATORS = ("0x0302", "0x0380", "0x1200")
# What only draws a console (ASPEED, Matrox, Intel's own) computes nothing.
VENDORS = {"10de": "nvidia", "1002": "amd"}
# Bytes of memory of its own; what is built into a processor has less by far.
_LEAST_MEMORY = 4 * 2**30
_SLOT = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


def on_the_bus(folder="/sys/bus/pci/devices"):
    """`{"slot", "class", "vendor", "device"}` of every GPU of a vendor that we know, in the order of their slots."""
    found = []
    for place in sorted(Path(folder).glob("*")):
        kind, vendor, device = (text(place / name).strip().lower() for name in ("class", "vendor", "device"))
        if kind.startswith(_CLASSES) and vendor[2:] in VENDORS and _SLOT.fullmatch(place.name):
            found.append({"slot": place.name, "class": kind[:6], "vendor": vendor[2:], "device": device[2:]})
    return found


def gpus(root="/"):
    """`{"slot", "id", "model", "driver", "file"}` of every GPU that can compute, in the order of their slots.

    `id` is vendor:device by PCI; `driver` is '' without one; `file` is '' while nothing can open the GPU: without its
    driver, or before the driver has made its files. The root is another one in tests.
    """
    there = {each["slot"]: each for each in on_the_bus(_bus(root))}
    # The driver knows them also where the bus cannot be seen.
    for place in sorted(_nvidia(root).glob("*")):
        if _SLOT.fullmatch(place.name):
            there.setdefault(place.name, {"slot": place.name, "class": "0x0302", "vendor": "10de", "device": "0000"})
    told = [_told(there[slot], root) for slot in sorted(there)]
    return [each for each in told if each][:MOST]


def withheld(mark="/var/lib/provision/gpus-withheld"):
    """The device files that are dead, and for which slurmctld hands out no GPU of this blade until it is restarted."""
    return text(mark).split()[:MOST]


def _told(gpu, root):
    return (_nvidia_gpu if VENDORS[gpu["vendor"]] == "nvidia" else _amd_gpu)(gpu, root)


def _nvidia_gpu(gpu, root):
    pairs = [line.split(":", 1) for line in text(_nvidia(root) / gpu["slot"] / "information").splitlines()]
    words = {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}
    minor = words.get("Device Minor", "")
    return {
        "slot": gpu["slot"],
        "id": f"{gpu['vendor']}:{gpu['device']}",
        "model": words.get("Model", "")[:100],
        "driver": "nvidia" if words else _driver(gpu, root),
        "file": _device_file(f"/dev/nvidia{minor}", root) if minor.isdigit() else "",
    }


def _amd_gpu(gpu, root):
    place = _bus(root) / gpu["slot"]
    memory = text(place / "mem_info_vram_total").strip()
    known = int(memory) if memory.isdigit() else 0
    if known < _LEAST_MEMORY and (memory or gpu["class"] not in _ACCELERATORS):
        return None
    names = sorted(path.name for path in place.glob("drm/renderD*"))
    # Programs reach every GPU through the one, and their own through the other.
    usable = names and _device_file("/dev/kfd", root)
    return {
        "slot": gpu["slot"],
        "id": f"{gpu['vendor']}:{gpu['device']}",
        "model": text(place / "product_name").strip()[:100],
        "driver": _driver(gpu, root),
        "file": _device_file(f"/dev/dri/{names[0]}", root) if usable else "",
    }


def _bus(root):
    return Path(root) / "sys/bus/pci/devices"


def _nvidia(root):
    return Path(root) / "proc/driver/nvidia/gpus"


def _driver(gpu, root):
    try:
        return (_bus(root) / gpu["slot"] / "driver").readlink().name[:64]
    except OSError:
        return ""


def _device_file(path, root):
    """The path where it is a device, else ''."""
    there = Path(root) / path.lstrip("/")
    return path if there.is_char_device() or there.is_block_device() else ""
