"""What the page of `provision report` takes and how large it is: a site of 256 blades with the records of 300 runs."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from bench.figures import figures
from bench.say import say
from provisioner.cli.report import MOST_RUNS
from provisioner.report.file import write_page
from provisioner.report.html import render
from provisioner.report.page import page
from provisioner.run.history import chosen
from provisioner.run.record import each_record, write_record
from tests.unit.report import sites

_ENCLOSURES, _RUNS = 16, 300


def measure_page(rounds: int) -> dict[str, Any]:
    """Seconds from records and the answer of the controller to the file, and its bytes; nobody is asked."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = sites.large(folder, _ENCLOSURES)
        _records(folder, plan)
        file = folder / "report.html"
        for _ in range(rounds):
            start = time.monotonic()
            runs = list(chosen(islice(each_record(folder), MOST_RUNS), None, changed=False))
            write_page(file, render(page(sites.facts(plan, runs=runs))), force=False)
            taken.append(time.monotonic() - start)
        size = file.stat().st_size
    found = figures(taken)
    say(f"report of {len(plan.blades)} blades: {found['median']:.2f} s, {size} bytes")
    return {"blades": len(plan.blades), "runs": len(runs), "seconds": found, "bytes": size}


def _records(state: Path, plan: Any) -> None:
    """The records of former runs, as runs leave them."""
    for run in sites.runs(plan, _RUNS):
        said = asdict(run)
        blades = {
            blade: {"changed": run.changed.get(blade, []), "notes": [], "skipped": "", "failure": run.failed.get(blade)}
            for blade in run.blades
        }
        changed = sum(map(len, run.changed.values()))
        write_record(
            state,
            run.run,
            {**said, "playbook": "slurm.yml", "exit_code": run.code, "changed": changed, "blades": blades},
        )
