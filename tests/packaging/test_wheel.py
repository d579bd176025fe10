"""What is in the wheel, and that it works where there is no checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from provisioner import __version__
from tests.packaging.wheel import CHECKOUT, Installed

PLAN = CHECKOUT / "inventories" / "asgard" / "plan.yml"
PACKAGED = ("provisioner/", "playbooks/", "roles/")


def tracked() -> list[str]:
    """Every file of the checkout that git knows or would take, as paths from its top."""
    answer = subprocess.run(
        ["git", "-C", CHECKOUT, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in answer.stdout.split("\0") if name and (CHECKOUT / name).is_file()]


@pytest.fixture(scope="session")
def contents(installed: Installed) -> set[str]:
    """The names of the files in the wheel."""
    return set(zipfile.ZipFile(installed.wheel).namelist())


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A copy of the plan where nothing else of the checkout is."""
    return Path(shutil.copy(PLAN, tmp_path / "plan.yml"))


def test_everything_a_run_needs_is_in_the_wheel(contents: set[str]) -> None:
    needed = {
        name if name.startswith("provisioner/") else f"provisioner/share/{name}"
        for name in tracked()
        if name.startswith(PACKAGED)
    }
    assert needed - contents == set()
    assert "provisioner/lab/image/Containerfile" in needed, "the lab's image is data, not code"


def test_nothing_else_is_in_the_wheel(contents: set[str]) -> None:
    strangers = [name for name in contents if name.startswith(("tests/", "molecule/", "inventories/", "bench/"))]
    assert strangers == []
    assert not [name for name in contents if "__pycache__" in name or "_cache/" in name]


def test_the_licence_is_in_the_wheel(contents: set[str]) -> None:
    assert f"provisioner-{__version__}.dist-info/licenses/LICENSE" in contents


def test_the_version(installed: Installed) -> None:
    done = installed.run("provision", "--version")
    assert (done.returncode, done.stdout) == (0, f"provision {__version__}\n"), done.stderr


def test_the_dependencies_agree(installed: Installed) -> None:
    done = installed.run("python", "-m", "pip", "check")
    assert done.returncode == 0, done.stdout


def test_it_reads_a_plan(installed: Installed, plan: Path) -> None:
    done = installed.run("provision", "plan", "--plan", plan)
    assert done.returncode == 0, done.stderr
    assert "BLD-008" in done.stdout


def test_the_plan_is_an_inventory(installed: Installed, plan: Path) -> None:
    done = installed.run("ansible-inventory", "-i", plan, "--list")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["slurm_controller"]["hosts"] == ["bld-006"]


@pytest.mark.parametrize("playbook", sorted(file.name for file in (CHECKOUT / "playbooks").glob("*.yml")))
def test_its_playbooks_are_whole(installed: Installed, plan: Path, playbook: str) -> None:
    """The syntax check finds roles, modules and filters, or fails."""
    asked = "from provisioner.paths import assets; print(assets())"
    share = Path(installed.run("python", "-c", asked).stdout.strip())
    assert share.is_relative_to(installed.environment)
    settings = plan.with_name("ansible.cfg")
    settings.write_text(f"[defaults]\nroles_path={share}/roles\nlibrary={share}/playbooks/library\n")
    done = installed.run(
        "ansible-playbook", "-i", plan, "--syntax-check", share / "playbooks" / playbook, cwd=plan.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr
