"""A command line that is not understood: what was probably meant, exit code 2, JSON where that was asked for."""

from __future__ import annotations

import json
import sys

import pytest

from provisioner.cli import main as entry

CASES = {
    "slurm BLD-008": ("slurm takes no BLD-008", "did you mean --nodes BLD-008?"),
    "slurm BLD-008 BLD-011": ("slurm takes no BLD-008 BLD-011", "did you mean --nodes BLD-008,BLD-011?"),
    "verify --json BLD-008": ("verify takes no BLD-008", "did you mean --nodes BLD-008?"),
    "disks BLD-008": ("disks takes no BLD-008", "did you mean --nodes BLD-008?"),
    "lab up BLD-008": ("lab up takes no BLD-008", "did you mean --nodes BLD-008?"),
    "reimaged BLD-008 BLD-011": ("reimaged takes no BLD-011", "write blades with commas between"),
    "status BLD-008": ("status takes no BLD-008", "`provision status --help` shows what there is"),
    "accounts --prune 30": ("accounts takes no 30", "did you mean --prune=30?"),
    "plan my.yml": ("plan takes no my.yml", "did you mean --plan my.yml?"),
    "slurm --nods x": ("slurm has no option --nods", "did you mean --nodes"),
    "verify --node=x": ("verify has no option --node", "did you mean --nodes?"),
    "plan --jsn": ("plan has no option --jsn", "did you mean --json?"),
    "slurm --zzz": ("slurm has no option --zzz", "`provision slurm --help` shows what there is"),
    "reimaged --nodes BLD-008": ("reimaged has no option --nodes", "did you mean provision reimaged BLD-008?"),
    "reimaged --nodes=BLD-008": ("reimaged has no option --nodes", "did you mean provision reimaged BLD-008?"),
    "slrum": ("provision has no verb slrum", "did you mean provision slurm?"),
    "lab upp": ("lab has no verb upp", "did you mean provision lab up?"),
    "zzz": ("provision has no verb zzz", "`provision --help` shows what there is"),
    "slurm --nodes": ("Option '--nodes' requires an argument", "shows what there is"),
    "slurm --forks x": ("slurm: Invalid value for '--forks'", "`provision slurm --help` shows what there is"),
    "reimaged": ("reimaged: Missing argument 'SET'", "`provision reimaged --help` shows what there is"),
}


def ended(monkeypatch: pytest.MonkeyPatch, line: str) -> int:
    """The exit code of a command line."""
    monkeypatch.setattr(sys, "argv", ["provision", *line.split()])
    with pytest.raises(SystemExit) as stopped:
        entry.main()
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


@pytest.mark.parametrize("line", CASES)
def test_what_was_probably_meant_is_said(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, line) == 2
    wrong, right = CASES[line]
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("provision: ")
    assert wrong in first
    assert second.startswith("  next: ")
    assert right in second


@pytest.mark.parametrize("verb", ["plan", "check", "slurm", "verify", "status", "disks", "unlock", "lab status"])
@pytest.mark.parametrize("words", ["--json --zzz", "zzz --json", "--json --plan /nowhere.yml"])
def test_bad_usage_is_json_where_json_was_asked_for(
    verb: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, f"{verb} {words}") == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["exit_code"] == 2
    assert told["error"].splitlines()[0] in said.err
    assert told["next_step"]
    assert [each["line"] for each in told["problems"]] == ([1] if "/nowhere.yml" in words else [])


@pytest.mark.parametrize("line", ["", "lab"])
def test_who_says_nothing_gets_the_help(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, line) == 2
    said = capsys.readouterr()
    assert "Commands:" in said.out + said.err
