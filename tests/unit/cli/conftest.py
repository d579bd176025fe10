from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from provisioner.errors import ExitCode
from provisioner.run import converge as runs
from provisioner.run.events import BladeState
from provisioner.run.outcome import Outcome
from provisioner.run.request import PlaybookRun

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006}
tiers:
  fat: {slurm: [controller, compute]}
  thin: {slurm: [compute]}
  "off": {slurm: []}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
  BLD-008: {bay: 8, address: 10.20.0.108, tier: thin, ram: 16}
  BLD-011: {bay: 11, address: 10.20.0.111, tier: thin, ram: 16}
  BLD-016: {bay: 16, address: 10.20.0.116, tier: "off", ram: 16}
"""


@dataclass
class Runs:
    """Stands for the blades: what was asked of Ansible, and what it is made to answer."""

    outcome: Outcome
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[PlaybookRun] = field(default_factory=list)

    def __call__(self, asked: PlaybookRun, console: Console) -> runs.Finished:
        self.asked.append(asked)
        return runs.Finished(self.outcome, self.results, Path("runs/1.json"))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a plan and a state of its own; the verbs run in it."""
    (tmp_path / "plan.yml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("PROVISION_PLAN", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runs]:
    """Replaces the one place where verbs reach blades."""

    def play(code: ExitCode = ExitCode.OK, results: Any = None, **blades: BladeState) -> Runs:
        named = {name.replace("_", "-"): blade for name, blade in blades.items()}
        answer = Runs(Outcome(code, named, {"Prepare": 1.5}, 3.0), results or {})
        monkeypatch.setattr(runs, "converge", answer)
        monkeypatch.setattr(runs, "look", answer)
        return answer

    return play
