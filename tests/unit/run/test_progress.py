from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from provisioner.run.course import Course
from provisioner.run.events import BladeState, RunState
from provisioner.run.progress import Screen, say_first_contact, shown, waited_for
from provisioner.run.session import STOPPING
from tests.unit.run.event_makers import failed, ok, play, start, stats, told, unreachable, waiting

NAMES = {"bld-006": "BLD-006", "bld-008": "BLD-008"}
EVENTS = [
    play("Prepare"),
    start("bld-008", "Install", "base"),
    ok("bld-008", "Install [all] packages", "base", changed=True),
    told("bld-008", ["package [a]: absent -> installed"]),
    ok("bld-008"),
    told("bld-008", ["unit b: stopped -> running"]),
    failed("bld-006", "it is [odd]; next: look"),
    play("Verify"),
    stats(),
]


def watched(*events: dict[str, Any], terminal: bool = False, as_json: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=80, height=25)
    state = RunState({host: BladeState() for host in NAMES})
    with shown(console, NAMES, as_json) as display:
        for event in events:
            state.take(event)
            display.update(state, event)
    return out.getvalue()


def test_a_pipe_gets_one_line_per_phase_changed_thing_and_failure() -> None:
    """Titles of tasks are none of them: what they change is told by a line."""
    lines = [line.split("  ", 1)[1] for line in watched(*EVENTS).splitlines()]
    assert lines == [
        "== Prepare",
        "BLD-008  package [a]: absent -> installed",
        "BLD-008  unit b: stopped -> running",
        "BLD-006  failed  it is [odd]",
        "== Verify",
    ]


class Clock:
    """Time as a test sets it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def said_meanwhile(until: float, step: float = 1.0) -> list[str]:
    """What a pipe is told while a blade is at work and nothing happens."""
    out, clock = io.StringIO(), Clock()
    state = RunState({host: BladeState() for host in NAMES}, clock=clock)
    console = Console(file=out, width=80)
    with shown(console, NAMES, quiet=False, course=Course("slurm.yml", False, ["Preflight", "Prepare"])) as display:
        for event in (play("Prepare"), start("bld-008", "Install", "base"), start("bld-006", "Install", "base")):
            state.take(event)
            display.update(state, event)
        while clock.now < until:
            clock.now += step
            display.tick(state)
    return [line.split("  ", 1)[1] for line in out.getvalue().splitlines()]


def test_a_pipe_is_told_the_place_among_the_phases() -> None:
    assert said_meanwhile(1) == ["== Prepare (2 of 2)"]


def test_a_pipe_is_told_who_is_waited_for_ever_more_seldom() -> None:
    """After 30 s, and then after 60, 120, 240 and 300 more."""
    first = "waits for BLD-[006,008] since 30 s: base | Install"
    assert said_meanwhile(29)[1:] == []
    assert said_meanwhile(31)[1:] == [first]
    assert said_meanwhile(1100)[1:] == [first, *(f"waits for BLD-[006,008] since {time}: base | Install" for time in
                                          ("90 s", "4 min", "8 min", "12 min", "18 min"))]  # fmt: skip


def test_nobody_is_waited_for_between_tasks() -> None:
    state = RunState({host: BladeState() for host in NAMES})
    for event in (start("bld-008", "Install"), ok("bld-008", "Install"), start("bld-006", "Install")):
        state.take(event)
    assert [names for names, _, _ in waited_for(state, NAMES)] == ["BLD-006"]


def test_a_terminal_shows_place_time_and_the_request_to_stop() -> None:
    clock = Clock()
    state = RunState({host: BladeState() for host in NAMES}, clock=clock)
    screen = Screen(NAMES, Course("slurm.yml", False, ["Preflight", "Prepare"]))
    for event in (play("Prepare"), start("bld-008", "Install", "base")):
        state.take(event)
        screen.update(state, event)
    clock.now = 42.0

    def drawn() -> str:
        console = Console(file=io.StringIO(), width=100)
        with console.capture() as found:
            console.print(screen.table())
        return found.get()

    assert "Prepare (2 of 2)" in drawn()
    assert any(line.split() == ["BLD-008", "42", "s", "base", "|", "Install"] for line in drawn().splitlines())
    assert STOPPING not in drawn()
    screen.stopping()
    assert STOPPING in drawn()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_dumb_terminal_gets_lines_without_escapes(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = watched(*EVENTS, terminal=terminal)
    assert "\x1b" not in out
    assert "== Prepare" in out


def test_a_pipe_gets_no_control_characters() -> None:
    assert "\x1b" not in watched(*EVENTS)


def test_an_unreachable_blade_is_called_so() -> None:
    assert "BLD-008  unreachable  SSH is refused" in watched(unreachable("bld-008"))


def test_whom_a_blade_waits_for_is_said_at_once_and_once() -> None:
    waits = waiting("bld-008", "waits for apt-get (process 7)")
    out = watched(waits, start("bld-008", "Wait for another apt"), told("bld-006", ["x y: z"]), ok("bld-008"))
    assert out.count("BLD-008  waits for apt-get (process 7)") == 1
    assert watched(waits, ok("bld-008"), waits).count("waits for apt-get") == 2


def test_a_terminal_gets_the_table_and_its_cursor_back() -> None:
    out = watched(*EVENTS, terminal=True)
    assert "BLD-008" in out
    assert out.rindex("\x1b[?25h") > out.rindex("\x1b[?25l")


def test_json_gets_nothing_else() -> None:
    assert watched(*EVENTS, as_json=True) == ""


def test_a_first_contact_shows_whose_key_it_is_and_who_shares_it() -> None:
    out = io.StringIO()
    known = {"BLD-006": ["ED25519 SHA256:A"], "BLD-008": ["ED25519 SHA256:A"], "BLD-011": ["ED25519 SHA256:B"]}
    say_first_contact(Console(file=out, width=80), {name: known[name] for name in ("BLD-008", "BLD-011")}, known)
    lines = out.getvalue().splitlines()
    assert lines[1:3] == ["  BLD-008  ED25519 SHA256:A", "  BLD-011  ED25519 SHA256:B"]
    assert len(lines) == 4
    assert "BLD-008 has the key of BLD-006" in lines[3]


def test_without_a_first_contact_nothing_is_said() -> None:
    out = io.StringIO()
    say_first_contact(Console(file=out), {}, {"BLD-006": ["A"], "BLD-008": ["A"]})
    assert out.getvalue() == ""
