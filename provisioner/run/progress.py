"""Live progress: a table that redraws itself on a terminal, plain lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from provisioner.console_text import one_line
from provisioner.names import folded
from provisioner.run.course import Course
from provisioner.run.events import BladeState, RunState
from provisioner.run.forecast import span
from provisioner.run.outcome import status
from provisioner.run.session import STOPPING, say_stopping

REFRESH_PER_SECOND = 8
# In which nothing was printed, until a line says who is waited for; it is doubled with each such line.
WAITED_SECONDS, LONGEST_WAITED_SECONDS = 30.0, 300.0
_STYLE = {
    "ok": "green",
    "changed": "yellow",
    "skipped": "bold yellow",
    "failed": "bold red",
    "unreachable": "bold red",
    "": "dim",
}


class Progress(Protocol):
    """Is told after every event, about once a second in between, and when the run is to stop."""

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Shows what is new."""

    def tick(self, state: RunState) -> None:
        """Shows that the run still waits."""

    def stopping(self) -> None:
        """Shows that the request to stop was heard; called by a handler of signals."""


class Silent:
    """For --json: the answer is the only output."""

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Shows nothing."""

    def tick(self, state: RunState) -> None:
        """Shows nothing."""

    def stopping(self) -> None:
        """Says so on standard error, which is a person's."""
        say_stopping()


class Lines:
    """One line per phase, changed thing and failure, and what is waited for; what a log file or a pipe wants."""

    def __init__(self, console: Console, names: Mapping[str, str], course: Course) -> None:
        self._console = console
        self._names = names
        self._course = course
        self._phase = ""
        self._seen: dict[str, int] = {}
        self._waits: dict[str, str] = {}
        self._failed: set[str] = set()
        self._last: float | None = None
        self._patience: float = WAITED_SECONDS

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Prints the lines that the event gave."""
        if state.phase and state.phase != self._phase:
            self._phase = state.phase
            where = self._course.words(state)
            self._print(state, f"== {state.phase}" + (f" ({where})" if where else ""))
        # Only the blade of the event can have news: a run over many blades has many events.
        host = str((event.get("event_data") or {}).get("host"))
        blade = state.blades.get(host)
        if blade is None:
            return
        for line in blade.lines[self._seen.get(host, 0) :]:
            self._print(state, f"{self._names[host]}  {line}")
        self._seen[host] = len(blade.lines)
        if blade.waits and blade.waits != self._waits.get(host):
            self._print(state, f"{self._names[host]}  {blade.waits}")
        self._waits[host] = blade.waits
        if blade.failure and host not in self._failed:
            self._failed.add(host)
            self._print(state, f"{self._names[host]}  {status(blade)}  {blade.failure.message}")

    def tick(self, state: RunState) -> None:
        """After half a minute without a line, and then ever more seldom: who is waited for, in what, since when."""
        now = state.clock()
        if self._last is None or now - self._last < self._patience:
            return
        patience = min(2 * self._patience, LONGEST_WAITED_SECONDS)
        for names, doing, seconds in waited_for(state, self._names):
            self._print(state, f"waits for {names} since {span(seconds)}: {doing}")
        self._last, self._patience = now, patience

    def stopping(self) -> None:
        """Past the lines, of which one may be half printed."""
        say_stopping()

    def _print(self, state: RunState, line: str) -> None:
        self._last, self._patience = state.clock(), WAITED_SECONDS
        self._console.print(
            f"{time.strftime('%H:%M:%S')}  {one_line(line)}", markup=False, highlight=False, soft_wrap=True
        )


class Screen:
    """The live table: one row per blade with what it does now."""

    def __init__(self, names: Mapping[str, str], course: Course | None = None) -> None:
        self._names = names
        self._course = course or Course()
        self._start = time.monotonic()
        self._state = RunState({})
        self._is_stopping = False

    def update(self, state: RunState, event: Mapping[str, Any]) -> None:
        """Takes note; the table is made only as often as the terminal is redrawn."""
        self._state = state

    def tick(self, state: RunState) -> None:
        """Nothing to do: the terminal is redrawn anyway."""

    def stopping(self) -> None:
        """Takes note; the table says so when it is drawn next, within a moment."""
        self._is_stopping = True

    def table(self) -> Group:
        """The run as it is now: where it is, the blades, and whether it is to stop."""
        where = self._course.words(self._state)
        phase = f"{self._state.phase or 'Starting'}{f' ({where})' if where else ''}"
        head = Text(f"{phase}  {time.monotonic() - self._start:.0f} s", style="italic")
        below = [Text(STOPPING, style="yellow")] if self._is_stopping else []
        return Group(head, _table(self._state, self._names), *below)


def waited_for(state: RunState, names: Mapping[str, str]) -> Iterator[tuple[str, str, float]]:
    """Blades at work by what they do, and for how long the slowest of them does it."""
    groups: dict[str, list[str]] = {}
    for host, blade in state.blades.items():
        if blade.is_at_work:
            groups.setdefault(blade.doing, []).append(host)
    for doing, hosts in groups.items():
        seconds = max(state.clock() - state.blades[host].since for host in hosts)
        yield folded(names[host] for host in hosts), doing, seconds


def _table(state: RunState, names: Mapping[str, str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("blade", no_wrap=True)
    table.add_column("changed", justify="right", no_wrap=True)
    table.add_column("since", justify="right", no_wrap=True)
    table.add_column("doing", overflow="ellipsis", no_wrap=True, ratio=1)
    for host, blade in state.blades.items():
        since = span(state.clock() - blade.since) if blade.is_at_work else ""
        row = (names[host], str(len(blade.lines) or ""), since, one_line(blade.doing))
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
def shown(console: Console, names: Mapping[str, str], quiet: bool, course: Course | None = None) -> Iterator[Progress]:
    """The progress display that suits the output; the terminal is whole again afterwards."""
    course = course or Course()
    if quiet:
        yield Silent()
    elif console.is_terminal and not console.is_dumb_terminal:
        screen = Screen(names, course)
        with Live(get_renderable=screen.table, console=console, refresh_per_second=REFRESH_PER_SECOND, transient=True):
            yield screen
    else:
        yield Lines(console, names, course)
