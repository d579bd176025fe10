"""`provision slurm --scheduled` over played blades, and `provision timer` without a systemd."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import BusyError, ExitCode, ProvisionError, UsageError
from provisioner.run import converge
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.scheduled.memory import recall

Played = Callable[..., Any]
runner = CliRunner()


@pytest.fixture(autouse=True)
def _here(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb finds the plan of the test, and no unit of systemd started it."""
    monkeypatch.delenv("PROVISION_TIMER", raising=False)
    monkeypatch.delenv("INVOCATION_ID", raising=False)


def left() -> BladeState:
    return BladeState(left=["package munge: absent -> installed"], left_because="job 17 runs on it")


def test_it_is_over_all_members_and_quiet(played: Played) -> None:
    runs = played(BLD_008=BladeState())
    done = runner.invoke(app, ["slurm", "--scheduled"])
    assert (done.exit_code, done.output) == (0, "")
    (asked,) = runs.asked
    assert (asked.blades, asked.quiet) == (["BLD-006", "BLD-008", "BLD-011"], True)
    assert asked.options.extra == {"provision_scheduled": True}


def test_what_is_left_is_told_with_the_reason(played: Played, site: Path) -> None:
    played(BLD_008=left())
    done = runner.invoke(app, ["slurm", "--scheduled"])
    assert done.exit_code == 0
    assert "left for later: package munge: absent -> installed" in done.output
    assert "left, since job 17 runs on it" in done.output
    assert recall(site / "plan.yml").last["left"] == {"BLD-008": ["package munge: absent -> installed"]}
    done = runner.invoke(app, ["slurm", "--scheduled", "--json"])
    blade = json.loads(done.stdout)["blades"]["BLD-008"]
    assert (blade["left"], blade["left_because"]) == (left().left, left().left_because)


def test_another_run_at_work_is_left_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*anything: Any) -> Any:
        raise BusyError("another run works on cluster demo")

    monkeypatch.setattr(converge, "converge", busy)
    done = runner.invoke(app, ["slurm", "--scheduled"])
    assert (done.exit_code, done.output) == (4, "")
    done = runner.invoke(app, ["slurm", "--scheduled", "--json"])
    assert json.loads(done.stdout)["exit_code"] == 4


def test_failures_are_counted_and_told_once(played: Played, site: Path, tmp_path: Path) -> None:
    plan = site / "plan.yml"
    plan.write_text(f"notify: {{command: 'cat >> {tmp_path}/told', after: 2}}\n{plan.read_text()}")
    played(ExitCode.DEGRADED, BLD_008=BladeState(failure=Diagnosis("it is off", "", "switch it on")))
    for _ in range(4):
        assert runner.invoke(app, ["slurm", "--scheduled"]).exit_code == 3
    told = json.loads((tmp_path / "told").read_text())
    assert told["last"]["failed"] == {"BLD-008": "it is off"}
    # A look changes nothing of that.
    runner.invoke(app, ["slurm", "--scheduled", "--check"])
    assert recall(plan).streak.failures == 4


def test_a_plan_that_cannot_be_used_counts_as_a_failure(played: Played, site: Path) -> None:
    played()
    (site / "plan.yml").write_text("cluster: {")
    with pytest.raises(ProvisionError):
        runner.invoke(app, ["slurm", "--scheduled"], catch_exceptions=False)
    assert recall(site / "plan.yml").streak.failures == 1


@pytest.mark.parametrize(
    "words", [["--upgrade"], ["--full"], ["--new-cluster"], ["--forget", "BLD-008"], ["--accept-hardware", "BLD-008"]]
)
def test_decisions_are_no_business_of_a_timer(played: Played, words: list[str]) -> None:
    runs = played()
    with pytest.raises(UsageError):
        runner.invoke(app, ["slurm", "--scheduled", *words], catch_exceptions=False)
    assert runs.asked == []


@pytest.mark.parametrize(
    "words", [["install", "--every", "25min"], ["install", "--plan", "nowhere.yml"], ["notify", "--test"]]
)
def test_what_cannot_be_is_said_before_anything_is_touched(site: Path, words: list[str]) -> None:
    with pytest.raises(ProvisionError) as raised:
        runner.invoke(app, ["timer", *words], catch_exceptions=False)
    assert raised.value.next_step
    assert not (site / "state").exists()


def test_the_command_of_the_site_is_tried(site: Path, tmp_path: Path) -> None:
    plan = site / "plan.yml"
    plan.write_text(f"notify: {{command: 'cat > {tmp_path}/told'}}\n{plan.read_text()}")
    assert runner.invoke(app, ["timer", "notify", "--test"]).exit_code == 0
    assert json.loads((tmp_path / "told").read_text())["subject"] == (
        "provision: cluster demo: a test of the command of `notify`"
    )


def test_a_run_without_the_backup_that_was_due_is_degraded_and_told_whole(played: Played, site: Path) -> None:
    plan = site / "plan.yml"
    (site / "file").touch()
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJLdwCNCP8dRl8nqEWGJBQUJ9iDC2dW/5K8jo0mHj2Sc"
    plan.write_text(f"backup: {{recipients: [{key}], to: file/backups}}\n{plan.read_text()}")
    played(BLD_008=left())
    done = runner.invoke(app, ["slurm", "--scheduled", "--json"])
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["exit_code"]) == (3, 3)
    assert answer["blades"]["BLD-008"]["left"] == left().left
    assert answer["backup"]["trouble"].startswith(f"no backup: backups cannot go to {site}/file/backups: ")
    assert answer["backup"]["trouble"] in recall(plan).last["error"]
    assert recall(plan).last["run"] == "1"
