"""The timer of a plan as this machine has it: how it would be written, and what became of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisioner.console_text import counted, one_line
from provisioner.duration import said
from provisioner.errors import ProvisionError
from provisioner.paths import absolute, state_home
from provisioner.scheduled.every import Every
from provisioner.scheduled.installed import Units
from provisioner.scheduled.memory import recall
from provisioner.scheduled.systemd import properties, this_account, times, unit_folder
from provisioner.scheduled.units import KEPT, Timer, unit_name


def this_timer(plan: Path, every: Every, system: bool, backups: Path) -> Timer:
    """The timer that this provision would install.

    Args:
        backups: the folder for backups; a relative one begins at this process's own.
    """
    state = absolute(state_home())
    kept = {name: os.environ[name] for name in KEPT if os.environ.get(name)}
    files = {name: value if name == "HOME" else str(absolute(Path(value))) for name, value in kept.items()}
    return Timer(plan, _program(), every, system, {"HOME": str(Path.home()), **files}, state, absolute(backups))


def next_run(plan: Path) -> str:
    """When the next scheduled run of a plan begins, an ISO time; '' where no timer of this machine is known to fire."""
    for system in (True, False):
        timer = f"{unit_name(plan)}.timer"
        if (unit_folder(system) / timer).is_file():
            try:
                return _iso(times(system, timer)[0])
            except ProvisionError:
                return ""
    return ""


def _program() -> tuple[str, ...]:
    """The words that start this provision wherever it is called."""
    beside = Path(sys.executable).with_name("provision")
    return (str(beside),) if os.access(beside, os.X_OK) else (sys.executable, "-m", "provisioner")


def lingers() -> bool:
    """Whether timers of this account fire while it is not logged in."""
    return (Path("/var/lib/systemd/linger") / this_account()).exists()


def timer_state(plan: Path, units: Units) -> dict[str, Any]:
    """What systemd says of the timer, and what is remembered of its runs; plain data.

    Raises:
        ProvisionError: systemd does not answer.
    """
    installed = units.timer in units.there
    timer = properties(units.system, units.timer, "ActiveState") if installed else {}
    run = properties(units.system, units.run, "ActiveState", "Result") if installed else {}
    following, fired = times(units.system, units.timer) if installed else (None, None)
    memory = recall(plan)
    return {
        "timer": units.timer,
        "plan": str(plan),
        "installed": installed,
        "active": timer.get("ActiveState") == "active",
        "running": run.get("ActiveState") == "activating",
        "next": _iso(following),
        "fired": _iso(fired),
        "result": run.get("Result", ""),
        "last": memory.last,
        "failures": memory.streak.failures,
        "failing_since": memory.streak.since,
        "told": memory.streak.told,
        "notify_trouble": memory.trouble,
    }


def words(state: Mapping[str, Any]) -> Iterator[str]:
    """The state of a timer for a person, a line each."""
    if not state["installed"]:
        yield f"{state['timer']}: there is none; next: `provision timer install`"
    elif not state["active"]:
        yield f"{state['timer']}: it does not run; next: `provision timer install` starts it"
    else:
        now = "; a run is at work now" if state["running"] else ""
        yield f"{state['timer']}: next run {_when(state['next']) or 'after this one'}{now}"
    last = state["last"]
    if last.get("at"):
        took = f", took {said(last['seconds'])}" if isinstance(last.get("seconds"), int | float) else ""
        named = f" ({one_line(str(last['run']), 60)})" if last.get("run") else ""
        yield f"last run{named} ended {_when(last['at'])}{took}: {one_line(str(last.get('meaning')), 200)}"
        if last.get("error"):
            yield f"  {one_line(str(last['error']), 400)}"
        for name, why in _items(last.get("failed")):
            yield f"  {name}: {one_line(str(why), 400)}"
        for name, lines in _items(last.get("left")):
            yield f"  {name}: left for later: {one_line(', '.join(map(str, lines)), 400)}"
    if state["failures"]:
        told = "; somebody was told" if state["told"] else ""
        yield f"{counted(state['failures'], 'run')} failed in a row since {_when(state['failing_since'])}{told}"
    if state["notify_trouble"]:
        yield f"the command of `notify` {one_line(state['notify_trouble'], 400)}; next: `provision timer notify --test`"


def _items(found: Any) -> Iterator[tuple[str, Any]]:
    for name, each in found.items() if isinstance(found, Mapping) else ():
        yield one_line(str(name), 60), each


def _iso(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""


def _when(text: Any) -> str:
    """A moment in the time of this machine; '' for what is none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return ""
