"""Runs a playbook over chosen blades and says what it came to; what every verb with remote work calls."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from provisioner import announced
from provisioner.console_text import lines
from provisioner.errors import BusyError, ExitCode
from provisioner.names import blade_id, host_name
from provisioner.paths import assets, state_dir
from provisioner.plan.model import Plan
from provisioner.run.engine import run_playbook
from provisioner.run.events import BladeState, RunState
from provisioner.run.guard import guarded
from provisioner.run.hostkeys import HostKeys, first_contacts, on_record, settle_pins
from provisioner.run.outcome import Outcome, conclude
from provisioner.run.progress import say_first_contact, shown
from provisioner.run.record import write_record
from provisioner.run.request import Options, build_request
from provisioner.run.session import RunId, interruptible, only_run
from provisioner.run.workplace import end_processes, workplace
from provisioner.ssh_identity import ssh_identity


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

    In check mode nothing changes, so no lock is needed.

    Raises:
        BusyError: another run holds the lock.
    """
    state, run = state_dir(plan.cluster.name), RunId()
    with nullcontext() if options.check else only_run(state, plan.cluster.name, str(run)):
        told = announced.read_announced(announced.announced_file(state))
        finished = _run(run, plan, plan_file, blades, playbook, options, console, as_json)
        _turned_away(finished, host_name(plan.cluster.controller))
        if not options.check:
            announced.consume(announced.announced_file(state), announced.fulfilled(told, finished.good()))
        data = {"run": str(run), "playbook": playbook, "check": options.check, **finished.outcome.as_dict()}
        return replace(finished, record=write_record(state, str(run), data))


def _turned_away(finished: Finished, controller: str) -> None:
    """Raises BusyError when the controller said that another run works on the cluster; nothing was touched then."""
    for result in finished.results.get(controller, {}).values():
        facts = result.get("ansible_facts")
        lock = facts.get("blade", {}).get("lock", {}) if isinstance(facts, dict) else {}
        if "busy" in lock:
            raise BusyError(lock["busy"], lock["next"])


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
    if options.verbosity and not as_json and request.left_out:
        words = f"settings of the environment that do not count in a run: {', '.join(request.left_out)}"
        console.print(words, markup=False, highlight=False, soft_wrap=True)
    names = {host: blade_id(host) for host in request.limit}
    chosen = list(names.values())
    # A lab knows its keys before its blades answer, and they are not those of the real blades.
    host_keys = HostKeys(on_record(plan, chosen, known_hosts)) if key else settle_pins(plan, chosen, known_hosts)
    seen = RunState({host: BladeState() for host in request.limit}, host_keys=host_keys)
    start = time.monotonic()
    # The guard comes before the display, which hides the cursor.
    with (
        interruptible() as interrupt,
        workplace() as folder,
        guarded(folder),
        shown(console, names, as_json) as display,
    ):
        interrupt.hurry = partial(end_processes, folder, 0)

        def on_event(event: Mapping[str, Any]) -> None:
            seen.take(event)
            display.update(seen, event)
            if options.verbosity and not as_json and event.get("stdout"):
                for line in lines(event["stdout"]):
                    console.print(line, markup=False, highlight=False, soft_wrap=True)

        code = run_playbook(request, folder, on_event, interrupt)
    seen.close_phase()
    controller = host_name(plan.cluster.controller)
    seconds = time.monotonic() - start
    outcome = conclude(seen, names, controller, code, seconds, interrupt.signal is not None)
    now = on_record(plan, chosen, known_hosts)
    new = {names[host]: keys for host, keys in first_contacts(host_keys, now).items()}
    keys = {names[host]: found for host, found in now.items()}
    say_first_contact(console, new, keys)
    return Finished(replace(outcome, host_keys=keys, first_contact=list(new)), seen.results)
