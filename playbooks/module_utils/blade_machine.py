"""What a blade is: its release, processors, memory, and whether its clock is its own."""

from __future__ import annotations

import os
from pathlib import Path


def text(path):
    """The content of a file, '' when it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def os_release():
    """ID, VERSION_ID and PRETTY_NAME of /etc/os-release, by lower-case key."""
    pairs = (line.split("=", 1) for line in text("/etc/os-release").splitlines() if "=" in line)
    found = {key.lower(): value.strip('"') for key, value in pairs}
    return {key: found.get(key, "") for key in ("id", "version_id", "pretty_name")}


def cpu():
    """Logical CPUs and model as /proc/cpuinfo has them."""
    lines = [line.split(":", 1) for line in text("/proc/cpuinfo").splitlines() if ":" in line]
    pairs = [(key.strip(), value.strip()) for key, value in lines]
    models = [value for key, value in pairs if key == "model name"]
    return {"cpus": sum(1 for key, _ in pairs if key == "processor"), "model": models[0] if models else ""}


def can_set_clock():
    """Whether CAP_SYS_TIME (bit 25) is to be had; a container shares its host's clock."""
    for line in text("/proc/self/status").splitlines():
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) >> 25 & 1)
    return True


def free_mib(path):
    """MiB that are free at a path, or where it will be; 0 also where no file can be made for lack of inodes."""
    there = path
    while not os.path.exists(there):
        there = os.path.dirname(there)
    found = os.statvfs(there)
    return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize // 2**20


def memory_mib():
    """MemTotal in MiB."""
    for line in text("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 0
