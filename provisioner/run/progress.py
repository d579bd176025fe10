"""Live progress: a table that redraws itself on a terminal, plain lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from provisioner.console_text import one_line
from provisioner.run.events import BladeState, RunState
from provisioner.run.outcome import status

REFRESH_PER_SECOND = 8
_STYLE = {
    "ok": "green",
    "changed": "yellow",
    "skipped": "bold yellow",
    "failed": "bold red",
    "unreachable": "bold red",
    "": "dim",
}


class Progress(Protocol):
    """Is told after every event."""

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Shows what is new."""


class Silent:
    """For --json: the answer is the only output."""

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Shows nothing."""


class Lines:
    """One line per phase, changed thing and failure; what a log file or a pipe wants."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._phase = ""
        self._seen: dict[str, int] = {}
        self._failed: set[str] = set()

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Prints the lines that the event gave."""
        if state.phase and state.phase != self._phase:
            self._phase = state.phase
            self._print(f"== {state.phase}")
        # Only the blade of the event can have news: a run over many blades has many events.
        host = str((event.get("event_data") or {}).get("host"))
        blade = state.blades.get(host)
        if blade is None:
            return
        for line in blade.lines[self._seen.get(host, 0) :]:
            self._print(f"{self._names[host]}  {line}")
        self._seen[host] = len(blade.lines)
        if blade.failure and host not in self._failed:
            self._failed.add(host)
            self._print(f"{self._names[host]}  {status(blade)}  {blade.failure.message}")

    def _print(self, line: str) -> None:
        self._console.print(
            f"{time.strftime('%H:%M:%S')}  {one_line(line)}", markup=False, highlight=False, soft_wrap=True
        )


class Screen:
    """The live table: one row per blade with what it does now."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._start = time.monotonic()
        self._state = RunState({})

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Takes note; the table is made only as often as the terminal is redrawn."""
        self._state = state

    def table(self) -> Table:
        """The run as it is now."""
        return _table(self._state, self._names, time.monotonic() - self._start)


def _table(state: RunState, names: Mapping[str, str], seconds: float) -> Table:
    table = Table(
        title=f"{state.phase or 'Starting'}  {seconds:.0f} s",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("blade", no_wrap=True)
    table.add_column("changed", justify="right")
    table.add_column("doing", overflow="ellipsis", no_wrap=True, ratio=1)
    for host, blade in state.blades.items():
        row = (names[host], str(len(blade.lines) or ""), one_line(blade.doing))
        table.add_row(*row, style=_STYLE[_live_status(blade)])
    return table


def _live_status(blade: BladeState) -> str:
    return status(blade) if blade.tasks else ""


def say_first_contact(
    console: Console, keys: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]] | None = None
) -> None:
    """The host keys that were taken as they are; only a person can tell whose they are.

    A key that another blade of the run has too (`known`) came with their image, and each can pass for the other.
    """
    if not keys:
        return
    lines = [f"  {name}  {', '.join(found)}" for name, found in keys.items()]
    head = (
        "first contact; compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on their consoles, or pin them "
        "in the plan (host_key: SHA256:...):"
    )
    for name, found in keys.items():
        others = [other for other, has in (known or {}).items() if other != name and set(has) & set(found)]
        if others:
            lines.append(f"  {name} has the key of {', '.join(others)}; next: run `ssh-keygen -A` anew on each of them")
    console.print("\n".join([head, *lines]), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def shown(console: Console, names: Mapping[str, str], quiet: bool) -> Iterator[Progress]:
    """The progress display that suits the output; the terminal is whole again afterwards."""
    if quiet:
        yield Silent()
    elif console.is_terminal:
        screen = Screen(names)
        with Live(get_renderable=screen.table, console=console, refresh_per_second=REFRESH_PER_SECOND, transient=True):
            yield screen
    else:
        yield Lines(console, names)
