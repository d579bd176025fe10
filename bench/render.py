"""What the plan, the registry and slurm.conf of many nodes take, in time and memory; no blade, no Ansible."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.figures import figures
from bench.say import say
from bench.texts import TEXTS

SIZES = (16, 1_000, 10_000)


def measure_render(rounds: int) -> dict[str, Any]:
    """Text -> nodes -> seconds and the peak memory (MiB) of a process that makes nothing else."""
    return {"texts": {what: {str(nodes): _one(what, nodes, rounds) for nodes in SIZES} for what in TEXTS}}


def _one(what: str, nodes: int, rounds: int) -> dict[str, Any]:
    """A process of its own, so that the peak is that of this text and this size."""
    command = [sys.executable, "-m", "bench.texts", what, str(nodes), str(rounds)]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    say(f"{what}, {nodes} nodes: {answer['seconds'][0]:.3f} s")
    return {"seconds": figures(answer["seconds"]), "peak_mib": round(answer["peak_mib"], 1)}
