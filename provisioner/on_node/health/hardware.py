"""Whether the node still has what it had when it booted, and whether the kernel counts errors.

Each function says what is wrong, '' when nothing is, and '' too when that cannot be found out. `root` is where proc,
sys and run are.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator

from .texts import text_of

# As slurmctld tolerates it (node_reg_mem_percent).
_LEAST_MEMORY = 0.95
_DEAD = {"offline", "dead", "transport-offline"}
_SIZED = re.compile(r"\b(CPUs|RealMemory)=(\d+)")


def counted_trouble(node: str, conf: str, root: str = "/") -> str:
    """Whether CPUs or memory are less than registered, and were more at the first look after boot.

    What was less from the beginning Slurm itself finds when slurmd registers the node ("Low RealMemory").

    Args:
        node: its NodeName.
        conf: the slurm.conf that slurmd has fetched.
        root: see above.
    """
    cpus, memory = _cpus(root), _memory_mib(root)
    all_cpus, all_memory = _first_seen(cpus, memory, os.path.join(root, "run/slurm-health-boot"))
    line = re.search(rf"^NodeName={re.escape(node)} .*$", text_of(conf), re.MULTILINE)
    registered = {key: int(value) for key, value in _SIZED.findall(line[0] if line else "")}
    its_cpus, its_memory = registered.get("CPUs", 0), registered.get("RealMemory", 0)
    if 0 < cpus < min(its_cpus, all_cpus):
        return f"{cpus} of {its_cpus} CPUs are left"
    if 0 < memory < min(its_memory * _LEAST_MEMORY, all_memory):
        return f"{memory} of {its_memory} MiB of memory are left"
    return ""


def _first_seen(cpus: int, memory: int, path: str) -> tuple[int, int]:
    """What the first look after boot counted."""
    found = re.fullmatch(r"(\d+) (\d+)\n", text_of(path))
    if found:
        return int(found[1]), int(found[2])
    # Half of it would be believed until the next boot.
    with open(f"{path}.new", "w", encoding="ascii") as file:
        file.write(f"{cpus} {memory}\n")
    os.replace(f"{path}.new", path)
    return cpus, memory


def _cpus(root: str) -> int:
    """CPUs that are online, such as `0-15,32`; 0 for unknown."""
    found = re.findall(r"(\d+)(?:-(\d+))?", text_of(os.path.join(root, "sys/devices/system/cpu/online")))
    return sum(int(last or first) - int(first) + 1 for first, last in found)


def _memory_mib(root: str) -> int:
    found = re.search(r"^MemTotal:\s+(\d+) kB", text_of(os.path.join(root, "proc/meminfo")), re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def memory_errors(root: str = "/") -> str:
    """Memory errors since boot that nothing could correct, as the kernel counts them."""
    poisoned = re.search(
        r"^HardwareCorrupted:\s+([1-9]\d*) kB", text_of(os.path.join(root, "proc/meminfo")), re.MULTILINE
    )
    if poisoned:
        return f"{poisoned[1]} KiB of memory are broken"
    controllers = os.path.join(root, "sys/devices/system/edac/mc")
    for name in _listed(controllers):
        count = text_of(os.path.join(controllers, name, "ue_count")).strip()
        if count.isdecimal() and int(count):
            return f"memory had {int(count)} errors that ECC could not correct ({name})"
    return ""


def lost_gpus(program: str = "/usr/local/sbin/slurm-gpus", told: str = "/var/lib/slurm/slurmd/conf-cache") -> str:
    """Has GPUs that are lost withheld from jobs, as slurmd's start does; the node stays for others: never a cause."""
    if os.path.exists(program) and os.path.exists(os.path.join(told, "gres.conf")):
        subprocess.run([program], stdin=subprocess.DEVNULL, check=True)
    return ""


def disk_trouble(places: Iterable[str], root: str = "/") -> str:
    """Disks below these places that the kernel has given up."""
    for place in places:
        try:
            device = os.stat(place).st_dev
        except OSError:
            continue
        block = os.path.join(root, f"sys/dev/block/{os.major(device)}:{os.minor(device)}")
        for disk in _disks(block):
            if text_of(os.path.join(disk, "device/state")).strip() in _DEAD:
                return f"the disk {os.path.basename(disk)} below {place} is offline"
    return ""


def _disks(link: str) -> Iterator[str]:
    """The disks that a partition, RAID or volume is on, by their folders in /sys."""
    block = os.path.realpath(link)
    if os.path.exists(os.path.join(block, "partition")):
        block = os.path.dirname(block)
    slaves = os.path.join(block, "slaves")
    below = _listed(slaves)
    if not below:
        yield block
    for name in below:
        yield from _disks(os.path.join(slaves, name))


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
