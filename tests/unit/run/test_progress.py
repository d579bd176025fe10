from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from provisioner.run.events import BladeState, RunState
from provisioner.run.progress import say_first_contact, shown
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
