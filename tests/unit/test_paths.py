from __future__ import annotations

import stat
from pathlib import Path

import pytest

from provisioner.errors import UsageError
from provisioner.paths import PLAN_VARIABLE, assets, find_plan, state_dir


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PLAN_VARIABLE, raising=False)


def site(name: str) -> Path:
    path = Path("inventories") / name / "plan.yml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_the_given_plan_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLAN_VARIABLE, "other.yml")
    assert find_plan(Path("mine.yml")) == Path("mine.yml")


def test_a_folder_means_the_plan_in_it() -> None:
    path = site("asgard")
    assert find_plan(path.parent) == path


def test_then_the_environment_then_the_plan_here(monkeypatch: pytest.MonkeyPatch) -> None:
    path = site("asgard")
    Path("plan.yml").touch()
    assert find_plan(None) == Path("plan.yml")
    monkeypatch.setenv(PLAN_VARIABLE, str(path.parent))
    assert find_plan(None) == path


def test_the_only_site_is_found() -> None:
    path = site("asgard")
    assert find_plan(None) == path


def test_no_plan_says_where_to_name_one() -> None:
    with pytest.raises(UsageError, match="no plan found") as caught:
        find_plan(None)
    assert PLAN_VARIABLE in caught.value.next_step


def test_two_sites_have_to_be_chosen_from() -> None:
    site("asgard")
    site("midgard")
    with pytest.raises(UsageError, match=r"asgard/plan\.yml, inventories/midgard/plan\.yml"):
        find_plan(None)


def test_assets_have_playbooks_and_roles() -> None:
    assert (assets() / "playbooks" / "slurm.yml").is_file()
    assert (assets() / "roles" / "slurmctld").is_dir()


def test_the_state_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = state_dir("demo")
    assert folder == tmp_path / "state" / "provision" / "demo"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    assert stat.S_IMODE(state_dir("demo").stat().st_mode) == 0o700


def test_without_xdg_the_state_is_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir("demo") == tmp_path / ".local" / "state" / "provision" / "demo"
