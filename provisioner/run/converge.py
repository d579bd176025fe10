"""Runs a playbook over chosen blades and says what it came to; what every verb with remote work calls."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from provisioner import announced
from provisioner.errors import ExitCode
from provisioner.lab.settings import ssh_identity
from provisioner.names import blade_id, host_name
from provisioner.paths import assets, state_dir
from provisioner.plan.model import Plan
from provisioner.run.engine import run_playbook
from provisioner.run.events import BladeState, RunState
from provisioner.run.outcome import Outcome, conclude
from provisioner.run.progress import shown
from provisioner.run.record import write_record
from provisioner.run.request import Options, build_request
from provisioner.run.session import RunId, interruptible, only_run


@dataclass(frozen=True)
class Finished:
    """A run that ended: what it came to, what tasks returned, and where its record is."""

    outcome: Outcome
    results: dict[str, dict[str, Any]]
    record: Path | None = None

    def good(self) -> dict[str, dict[str, Any]]:
        """What tasks returned, by blade id, of the blades that came through; {} when the run was stopped."""
        through = {name for name, blade in self.outcome.blades.items() if blade.failure is None}
        whole = self.outcome.code in (ExitCode.OK, ExitCode.DEGRADED)
        return {name: self.results.get(host_name(name), {}) for name in through if whole}


def converge(
    plan: Plan,
    plan_file: Path,
    blades: Sequence[str],
    playbook: str,
    options: Options,
    console: Console,
    as_json: bool = False,
) -> Finished:
    """Runs a playbook that changes blades: under the cluster's lock, and with a record.

    Raises:
        BusyError: another run holds the lock.
    """
    state = state_dir(plan.cluster.name)
    with only_run(state, plan.cluster.name):
        run = RunId()
        told = announced.read_announced(announced.announced_file(state))
        finished = _run(run, plan, plan_file, blades, playbook, options, console, as_json)
        if not options.check:
            announced.consume(announced.announced_file(state), announced.fulfilled(told, finished.good()))
        data = {"run": str(run), "playbook": playbook, "check": options.check, **finished.outcome.as_dict()}
        return replace(finished, record=write_record(state, str(run), data))


def look(
    plan: Plan,
    plan_file: Path,
    blades: Sequence[str],
    playbook: str,
    options: Options,
    console: Console,
    as_json: bool = False,
) -> Finished:
    """Runs a playbook that only looks; needs no lock and leaves no record."""
    return _run(RunId(), plan, plan_file, blades, playbook, options, console, as_json)


def _run(
    run: RunId,
    plan: Plan,
    plan_file: Path,
    blades: Sequence[str],
    playbook: str,
    options: Options,
    console: Console,
    as_json: bool,
) -> Finished:
    state = state_dir(plan.cluster.name)
    extra = {"provision_run": str(run), "provision_time": run.started.isoformat(timespec="seconds")}
    key, known_hosts = ssh_identity(state)
    request = build_request(
        plan,
        plan_file,
        blades,
        playbook,
        assets(),
        replace(options, extra={**extra, **options.extra}),
        ssh_key=key,
        known_hosts=known_hosts,
        announced=announced.read_announced(announced.announced_file(state)),
    )
    names = {host: blade_id(host) for host in request.limit}
    seen = RunState({host: BladeState() for host in request.limit})
    start = time.monotonic()
    with interruptible() as interrupt, shown(console, names, as_json) as display:

        def on_event(event: Mapping[str, Any]) -> None:
            seen.take(event)
            display.update(seen, event)
            if options.verbosity and not as_json and event.get("stdout"):
                console.print(event["stdout"], markup=False, highlight=False, soft_wrap=True)

        code = run_playbook(request, on_event, interrupt)
    seen.close_phase()
    controller = host_name(plan.cluster.controller)
    seconds = time.monotonic() - start
    outcome = conclude(seen, names, controller, code, seconds, interrupt.signal is not None)
    return Finished(outcome, seen.results)
