"""What twelve more roles cost a run when they are in sync: those of this project, and one role twelve times beside."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bench.lab import BenchLab
from bench.project import add_role, copy_project
from bench.runs import rounds_of
from bench.states import ROOT
from bench.ways import by_provision

# A package, a folder, a file, a secret, a service and a timer with their unit files: more than most roles keep.
ROLE = ROOT / "tests" / "cluster" / "beacon"
COUNT = 12


def measure_more_roles(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """Runs that change nothing, by a copy of this project and by a copy with twelve roles more."""
    with tempfile.TemporaryDirectory() as name:
        plain, more = (copy_project(Path(name) / each) for each in ("plain", "more"))
        for number in range(COUNT):
            add_role(more, ROLE, f"{ROLE.name}{number:02}")
        by_provision(lab, compute, changes=True, project=more)
        ways = {
            "plain": lambda: by_provision(lab, compute, changes=False, project=plain),
            "more": lambda: by_provision(lab, compute, changes=False, project=more),
        }
        return rounds_of(lab, "twelve more roles", compute, ways, rounds)
