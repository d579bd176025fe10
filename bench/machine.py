"""What the figures were measured on, without names of hosts and folders."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """The machine and the programs that decide about speed, in words."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    podman = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=False)
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "CPU": model[1].strip() if model else platform.machine(),
        "memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "unknown",
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "Python": platform.python_version(),
        "ansible-core": version("ansible-core"),
        "podman": podman.stdout.split()[-1] if podman.returncode == 0 else "unknown",
    }
