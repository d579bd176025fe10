"""What one look of the health check takes of a node: CPU and wall-clock seconds, beside a Python that does nothing."""

from __future__ import annotations

import json
from typing import Any

from bench.figures import figures
from bench.lab import BenchLab
from bench.say import say
from bench.ways import by_provision

_LOOKS_PER_ROUND = 5
# Runs a command on the node, and prints user and system time of it and of all that it started, and seconds.
_TAKEN = """
import json, resource, subprocess, sys, time
begin = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "cpu": used.ru_utime + used.ru_stime, "seconds": time.monotonic() - begin}))
"""
_WAYS = {"python": "/usr/bin/python3 -IBS -c pass", "look": "/usr/local/sbin/slurm-health"}


def measure_health(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """Looks of the first member, which has scratch; each is to find nothing."""
    by_provision(lab, compute, changes=True)
    blade = lab.compute(1)[0]
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in _WAYS}
    for _ in range(rounds * _LOOKS_PER_ROUND):
        for name, command in _WAYS.items():
            found = json.loads(lab.inside(blade, f"python3 -c '{_TAKEN}' {command}"))
            if found["code"] != 0:
                raise SystemExit(f"{blade}: {command} ended with {found['code']}")
            taken[name].append(found)
    say(f"health check of {blade}: {len(taken['look'])} looks")
    return {
        name: {
            "cpu_seconds": figures(each["cpu"] for each in all_),
            "seconds": figures(each["seconds"] for each in all_),
        }
        for name, all_ in taken.items()
    }
