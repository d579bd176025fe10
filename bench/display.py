"""What the program itself adds to a run: taking events in, the live table, the record.

The events are those of a real run; they are played once more without Ansible, and the CPU time of that is set against
the seconds the run took.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.figures import figures
from bench.lab import STATE_HOME, BenchLab
from provisioner.names import host_name
from provisioner.paths import assets
from provisioner.plan.derive import spelling
from provisioner.run.engine import run_playbook
from provisioner.run.events import BladeState, RunState
from provisioner.run.outcome import conclude
from provisioner.run.progress import REFRESH_PER_SECOND, Screen
from provisioner.run.record import write_record
from provisioner.run.request import PlaybookRun, runner_call
from provisioner.run.workplace import workplace
from provisioner.ssh_identity import ssh_identity

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Heard:
    """A run as its events tell it: with the seconds it took, and Ansible's exit code."""

    events: Sequence[Event]
    seconds: float
    code: int
    names: Mapping[str, str]  # blade id by inventory name


def measure_display(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """Seconds of a run without changes, and CPU seconds of its display and record; medians of so many replays."""
    heard = _listen(lab, compute)
    played = [_play(heard, lab.controller) for _ in range(rounds)]
    return {
        "run_seconds": heard.seconds,
        "events": len(heard.events),
        **{part: figures(one[part] for one in played) for part in played[0]},
    }


def _listen(lab: BenchLab, compute: int) -> Heard:
    """Runs over the blades, as `provision slurm` does, and keeps every event."""
    os.environ["XDG_STATE_HOME"] = str(STATE_HOME)
    key, known_hosts = ssh_identity(lab.state)
    asked = PlaybookRun(lab.plan, lab.plan_file, lab.compute(compute), "slurm.yml")
    call = runner_call(asked, assets(), key, known_hosts)
    known = spelling(lab.plan)
    events: list[Event] = []
    begin = time.monotonic()
    with workplace() as folder:
        code = run_playbook(call, folder, events.append, lambda: False)
    return Heard(events, time.monotonic() - begin, code, {host: known[host] for host in call.limit})


def _play(heard: Heard, controller: str) -> dict[str, float]:
    """CPU seconds of the table on a terminal and of the record, each with the events that it needs."""
    state = RunState({host: BladeState() for host in heard.names})

    def screen() -> None:
        console = Console(file=io.StringIO(), force_terminal=True, width=100, height=40)
        display = Screen(heard.names)
        for event in heard.events:
            state.take(event)
            display.update(state, event)
        # As often as the terminal was redrawn during the run; the replay itself is over in a moment.
        for _ in range(round(heard.seconds * REFRESH_PER_SECOND)):
            console.print(display.table())

    def record() -> None:
        with tempfile.TemporaryDirectory() as folder:
            outcome = conclude(state, dict(heard.names), host_name(controller), heard.code, heard.seconds, False)
            write_record(Path(folder), "bench", outcome.as_dict())

    return {"screen_seconds": _cpu_of(screen), "record_seconds": _cpu_of(record)}


def _cpu_of(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
