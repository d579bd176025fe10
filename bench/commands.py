"""What commands take that need no blade: they are typed and completed by people."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from bench.figures import figures
from bench.lab import provision
from bench.meter import Measured, measure
from bench.say import say

_PLAN = "--plan=inventories/asgard/plan.yml"
COMMANDS = {
    "provision --help": ("--help",),
    "provision plan": ("plan", _PLAN),
    "provision inventory --list": ("inventory", _PLAN, "--list"),
}


def measure_commands(rounds: int) -> dict[str, Any]:
    """Command -> wall-clock and CPU seconds."""
    taken: dict[str, list[Measured]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as state:
        for number in range(rounds + 1):
            for name, words in COMMANDS.items():
                done = measure([provision(*words)], {**os.environ, "XDG_STATE_HOME": state})
                if done.codes != [0]:
                    sys.exit(f"{name}: {done.out[0]}{done.err[0]}")
                if number:  # the first round only fills the caches
                    taken[name].append(done)
    for name, runs in taken.items():
        say(f"{name}: {figures(run.seconds for run in runs)['median']:.2f} s")
    return {
        "commands": {
            name: {
                "seconds": figures(run.seconds for run in runs),
                "cpu_seconds": figures(run.cpu_seconds for run in runs),
            }
            for name, runs in taken.items()
        }
    }
