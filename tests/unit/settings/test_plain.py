"""What plain Ansible would stumble over is noted; Ansible itself ends with a sentence, not with an empty cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.settings.plain import plain_notes

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "inventories" / "asgard" / "plan.yml"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's own site, copied, and a `provision` in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "provision").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m provisioner "$@"\n')
    (folder / "provision").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.copytree(PLAN.parent, tmp_path / "site")
    return tmp_path / "site"


def graph(site: Path) -> subprocess.CompletedProcess[str]:
    """`ansible-inventory` as a person runs it in the checkout."""
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", f"{site}/", "--graph"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def break_plan(site: Path) -> None:
    text = (site / "plan.yml").read_text()
    (site / "plan.yml").write_text(text.replace("bay: 8,", "bay: 88,"))


def test_a_site_as_it_should_be_has_no_note(site: Path) -> None:
    for name in ("README.md", "notes.txt", "plan.yml.bak", ".plan.schema.json"):
        (site / name).write_text("x")
    (site / "accounts.yml").write_text("accounts:\n  physics: {}\n")
    assert list(plain_notes(site / "plan.yml")) == []
    done = graph(site)
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    assert "@slurm_controller" in done.stdout
    assert "@cluster" not in done.stdout


def test_a_plan_that_is_not_executable(site: Path) -> None:
    (site / "plan.yml").chmod(0o644)
    (note,) = plain_notes(site / "plan.yml")
    assert f"next: chmod +x {site / 'plan.yml'}" in note
    done = graph(site)
    assert done.returncode != 0
    assert str(site / "plan.yml") in done.stderr


def test_no_provision_in_path(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (note,) = plain_notes(site / "plan.yml")
    assert note.startswith("provision is not in PATH")
    done = graph(site)
    assert done.returncode != 0
    assert "provision" in done.stderr
    assert "No such file" in done.stderr


def test_a_mistake_in_the_plan_reaches_the_person(site: Path) -> None:
    break_plan(site)
    done = graph(site)
    assert done.returncode != 0
    assert "bay 88 of BLD-008 is outside the enclosure" in done.stderr
    assert "@cluster" not in done.stdout


@pytest.mark.parametrize("name", ["plan-old.yml", "old-accounts.yml", "plan.schema.json", "NOTES", "more/hosts"])
def test_what_would_be_inventory_too_is_noted(site: Path, name: str) -> None:
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text("{}")
    (note,) = plain_notes(site / "plan.yml")
    assert f"also {name.split('/')[0]}; next: " in note


def test_a_schema_beside_the_plan_is_no_inventory(site: Path) -> None:
    with (site / "plan.schema.json").open("w") as schema:
        subprocess.run([sys.executable, "-m", "provisioner", "schema"], stdout=schema, check=True, cwd=ROOT)
    done = graph(site)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_plan_that_is_no_inventory_has_no_note(site: Path) -> None:
    plan = site / "plan.yml"
    plan.write_text(plan.read_text().partition("\n")[2])
    plan.chmod(0o644)
    (site / "other").write_text("x")
    assert list(plain_notes(plan)) == []
