"""The backup after a scheduled run: taken where one is due, and told where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from provisioner.backup.make import ReadOnlyError
from provisioner.errors import BusyError, ExitCode, ProvisionError
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.scheduled import backup
from provisioner.scheduled.backup import Kept, kept
from provisioner.scheduled.counted import BY_UNIT

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006}
tiers:
  fat: {slurm: [controller, compute]}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yml"
    path.write_text(PLAN)
    return path


@pytest.fixture
def site(plan_file: Path) -> Plan:
    return load_plan(plan_file)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The plans of which a backup was asked for; none of them is due."""
    plans: list[Path] = []
    monkeypatch.setattr(backup, "scheduled_backup", lambda plan, plan_file, console: plans.append(plan_file))
    return plans


def raises(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(backup, "scheduled_backup", refuse)


@pytest.mark.parametrize("code", [ExitCode.FAILED, ExitCode.USAGE, ExitCode.BUSY, ExitCode.STOPPED])
def test_of_a_cluster_that_failed_none_is_taken(site: Plan, plan_file: Path, asked: list[Path], code: ExitCode) -> None:
    assert kept(site, plan_file, code, Console()) == Kept()
    assert asked == []


@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.DEGRADED])
def test_of_one_that_works_it_is_asked_for(site: Plan, plan_file: Path, asked: list[Path], code: ExitCode) -> None:
    assert kept(site, plan_file, code, Console()) == Kept()
    assert asked == [plan_file]


def test_one_that_cannot_be_taken_is_a_trouble(site: Plan, plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raises(monkeypatch, ProvisionError("the disk is full", "make room"))
    trouble = "no backup: the disk is full; next: make room"
    assert kept(site, plan_file, ExitCode.OK, Console()) == Kept(trouble=trouble)


def test_where_another_run_began_it_waits(site: Plan, plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raises(monkeypatch, BusyError("another run", "wait"))
    assert kept(site, plan_file, ExitCode.OK, Console()) == Kept()


def test_a_folder_that_the_timer_was_not_installed_with_is_for_it_to_learn(
    site: Plan, plan_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raises(monkeypatch, ReadOnlyError("backups cannot go there", "name another folder"))
    monkeypatch.delenv(BY_UNIT, raising=False)
    by_hand = kept(site, plan_file, ExitCode.OK, Console())
    assert by_hand.trouble == "no backup: backups cannot go there; next: name another folder"
    monkeypatch.setenv(BY_UNIT, "1")
    assert "run `provision timer install` again" in kept(site, plan_file, ExitCode.OK, Console()).trouble


def test_a_folder_that_nobody_can_read_is_a_trouble_and_no_crash(
    site: Plan, plan_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raises(monkeypatch, PermissionError(13, "Permission denied", "/srv/backups"))
    found = kept(site, plan_file, ExitCode.OK, Console())
    assert found.trouble.startswith("no backup: /srv/backups: Permission denied; next: ")
