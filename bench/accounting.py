"""What accounting costs a run that changes nothing: the blades by the plan without it, then by the plan with it."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from bench.lab import BenchLab
from bench.runs import rounds_of
from bench.ways import by_provision


def measure_accounting(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """Runs that change nothing, without accounting and with it; afterwards the blades have it."""
    with tempfile.TemporaryDirectory() as name:
        plan = Path(name) / "plan.yml"
        plan.write_text(f"{lab.plan_file.read_text()}accounting: false\n")
        found: dict[str, Any] = {}
        for way, its in {"without": BenchLab(plan), "with": lab}.items():
            by_provision(its, compute, changes=True)
            runs = {way: partial(by_provision, its, compute, changes=False)}
            found |= rounds_of(its, "accounting", compute, runs, rounds)
        return found
