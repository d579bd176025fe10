"""Runs a playbook over chosen blades and says what it came to; what every verb with remote work calls."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from provisioner import __version__, announced
from provisioner.blade_told import turned_away
from provisioner.console_text import lines
from provisioner.errors import BusyError, ExitCode
from provisioner.names import host_name
from provisioner.paths import assets, state_dir
from provisioner.plan.derive import spelling
from provisioner.plan.way import way_to
from provisioner.run import vouched
from provisioner.run.came_back import give_back, take_note
from provisioner.run.course import Course, course
from provisioner.run.engine import run_playbook
from provisioner.run.events import BladeState, RunState, facts_in
from provisioner.run.guard import guarded
from provisioner.run.hostkeys import HostKeys, first_contacts, on_record, settle_pins
from provisioner.run.outcome import Outcome, conclude
from provisioner.run.owner import this_owner
from provisioner.run.progress import say_first_contact, shown
from provisioner.run.record import write_record
from provisioner.run.request import PlaybookRun, runner_call
from provisioner.run.session import RunId, interruptible, only_run
from provisioner.run.standings import is_another_machine, standings
from provisioner.run.unseen import mark_unseen
from provisioner.run.workplace import end_processes, workplace
from provisioner.ssh_identity import ssh_identity
from provisioner.ssh_key import key_file, refuse_unusable


@dataclass(frozen=True)
class Finished:
    """A run that ended: what it came to, what tasks returned, and where its record is."""

    outcome: Outcome
    results: Mapping[str, Mapping[str, Any]]
    record: Path | None = None

    def facts(self, blade: str) -> dict[str, Any]:
        """The facts that tasks set on a blade, as the last of them left each."""
        return facts_in(self.results.get(host_name(blade), {}))

    def good(self) -> dict[str, Mapping[str, Any]]:
        """What tasks returned, by blade id, of the blades that came through; {} when the run was stopped."""
        through = {name for name, blade in self.outcome.blades.items() if blade.failure is None or blade.serving}
        whole = self.outcome.code in (ExitCode.OK, ExitCode.DEGRADED)
        return {name: self.results.get(host_name(name), {}) for name in through if whole}


def converge(asked: PlaybookRun, console: Console) -> Finished:
    """Runs a playbook that changes blades: under the cluster's lock, and with a record.

    In check mode nothing changes, so no lock is needed.

    Raises:
        BusyError: another run holds the lock.
    """
    cluster, check = asked.plan.cluster, asked.options.check
    state, run = state_dir(cluster.name), RunId()
    with nullcontext() if check else only_run(state, cluster.name, str(run)):
        back = {} if check else take_note(asked.plan, state)
        for name in back:
            words = f"{name}: it came back with another host key, as was announced"
            console.print(words, markup=False, highlight=False, soft_wrap=True)
        told = announced.read_announced(announced.announced_file(state))
        finished = _run(asked, run, console, makes=not check)
        strange = {
            name: before for name, before in back.items() if is_another_machine(finished.outcome.blades.get(name))
        }
        give_back(asked.plan, state, strange)
        for name in strange:
            words = f"{name}: another machine stands there; the key on record and the time announced count on"
            console.print(words, markup=False, highlight=False, soft_wrap=True)
        if refused := turned_away(finished.facts(cluster.controller)):
            raise BusyError(*refused)
        if not check:
            announced.consume(announced.announced_file(state), announced.fulfilled(told, finished.good()))
        if not asked.recorded:
            return finished
        owner = this_owner(str(run), os.getpid())
        by = f"{owner['by']}@{owner['at']}"
        data = {"run": str(run), "by": by, "playbook": asked.playbook, "check": check, "release": __version__}
        data |= {"scheduled": bool(asked.options.extra.get("provision_scheduled")), **finished.outcome.as_dict()}
        return replace(finished, record=write_record(state, str(run), data))


def look(asked: PlaybookRun, console: Console) -> Finished:
    """Runs a playbook that only looks; needs no lock and leaves no record."""
    return _run(asked, RunId(), console)


def _run(asked: PlaybookRun, run: RunId, console: Console, makes: bool = False) -> Finished:
    """Runs it.

    Args:
        makes: whether it may make what belongs to this machine, such as the host CA.
    """
    plan = asked.plan
    state = state_dir(plan.cluster.name)
    key, known_hosts = ssh_identity(state)
    if key is None:
        for needed in dict.fromkeys(way_to(plan, name).key for name in asked.blades):
            if needed:
                refuse_unusable(key_file(needed))
    told = announced.read_announced(announced.announced_file(state))
    host_ca = vouched.trusted(plan, state, makes)
    call = runner_call(_named(asked, run), assets(), key, known_hosts, told, host_ca)
    shows = bool(asked.options.verbosity) and not asked.quiet
    if shows and call.left_out:
        words = f"settings of the environment that do not count in a run: {', '.join(call.left_out)}"
        console.print(words, markup=False, highlight=False, soft_wrap=True)
    known = spelling(plan)
    names = {host: known[host] for host in call.limit}
    chosen = list(names.values())
    # A lab knows its keys before its blades answer, and they are not those of the real blades.
    host_keys = (
        HostKeys(on_record(plan, chosen, known_hosts, lab=True)) if key else settle_pins(plan, chosen, known_hosts)
    )
    seen = RunState({host: BladeState() for host in call.limit}, host_keys=host_keys)
    way = Course() if asked.quiet else course(call.playbook, call.options.check, state)
    start = time.monotonic()
    # The guard comes before the display, which hides the cursor.
    with (
        interruptible() as interrupt,
        workplace() as folder,
        guarded(folder),
        shown(console, names, asked.quiet, way) as display,
    ):
        interrupt.heard = display.stopping
        interrupt.hurry = partial(end_processes, folder, 0)

        def is_to_stop() -> bool:
            display.tick(seen)
            return interrupt()

        def on_event(event: Mapping[str, Any]) -> None:
            seen.take(event)
            display.update(seen, event)
            if shows and event.get("stdout"):
                for line in lines(event["stdout"]):
                    console.print(line, markup=False, highlight=False, soft_wrap=True)

        code = run_playbook(call, folder, on_event, is_to_stop)
    seen.close_phase()
    controller = host_name(plan.cluster.controller)
    facts = facts_in(seen.results.get(controller, {}))
    seconds = time.monotonic() - start
    stopped = interrupt.signal is not None
    mark_unseen(seen, controller, plan.cluster.controller, asked.looked_at(facts), stopped)
    for host, found in standings(seen.results).items():
        if host in seen.blades:
            seen.blades[host].installation = found
    outcome = conclude(seen, names, controller, code, seconds, stopped)
    answered = {host: facts_in(results).get("blade") or {} for host, results in seen.results.items()}
    met = vouched.settle(plan, state, answered)
    vouched.tell(met, lambda words: console.print(words, markup=False, highlight=False, soft_wrap=True))
    now = on_record(plan, chosen, known_hosts, lab=key is not None)
    new = {names[host]: keys for host, keys in first_contacts(host_keys, now).items()}
    keys = {names[host]: found for host, found in now.items()}
    say_first_contact(console, {name: found for name, found in new.items() if name not in met.first}, keys)
    return Finished(replace(outcome, told=asked.tell(facts), host_keys=keys, first_contact=list(new)), seen.results)


def _named(asked: PlaybookRun, run: RunId) -> PlaybookRun:
    """The same, whose tasks know which run they are part of."""
    own = {"provision_run": str(run), "provision_time": run.started.isoformat(timespec="seconds")}
    return replace(asked, options=replace(asked.options, extra={**own, **asked.options.extra}))
