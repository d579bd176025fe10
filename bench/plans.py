"""What a part of the plan costs a run that changes nothing: the blades by a plan without it, then by one with it."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from bench.lab import BenchLab
from bench.runs import rounds_of
from bench.ways import by_provision

# What each plan says besides bench/plan.yml. Login nodes and GPUs are not among it: they need other blades.
_WAYS = {
    "accounting": {"without": "accounting: false\n", "with": ""},
    "services": {
        "without": "mpi: false\nhealth: false\n",
        "with": "metrics: true\nrest: true\nfirewall: {ssh: [192.0.2.0/24]}\ncompute_ssh: jobs\n",
    },
}


def measure_plans(part: str, lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """Runs that change nothing, without the part and with it; afterwards the blades are as the lab's plan says."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        for way, said in _WAYS[part].items():
            plan = Path(name) / f"{way}.yml"
            plan.write_text(lab.plan_file.read_text() + said)
            its = BenchLab(plan)
            by_provision(its, compute, changes=True)
            runs = {way: partial(by_provision, its, compute, changes=False)}
            found |= rounds_of(its, part, compute, runs, rounds)
    by_provision(lab, compute, changes=True)
    return found
