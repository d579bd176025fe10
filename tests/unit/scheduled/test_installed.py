"""Units on a real file system; systemd answers as it is made to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.errors import ProvisionError
from provisioner.scheduled import installed
from provisioner.scheduled.installed import SUFFIXES, Units
from provisioner.scheduled.systemd import stamp
from provisioner.scheduled.units import MARK

NAME = "provision-asgard-12345678"
WANTED = {f"{NAME}{suffix}": f"{MARK}\n[Unit]\nDescription={suffix}\n" for suffix in SUFFIXES}


class Systemd:
    """Enough of it: which units are enabled and active, and what it was told."""

    def __init__(self) -> None:
        self.enabled = self.active = self.running = False
        self.told: list[tuple[str, ...]] = []
        self.fails = ""

    def systemctl(self, system: bool, *words: str) -> str:
        self.told.append(words)
        if words[0] == self.fails:
            raise ProvisionError("killed")
        self.enabled = words[0] == "enable" or (self.enabled and words[0] != "disable")
        self.active = words[0] == "restart" or (self.active and words[0] != "disable")
        return ""

    def properties(self, system: bool, unit: str, *names: str) -> dict[str, str]:
        if not unit.endswith(".timer"):
            return {"NeedDaemonReload": "no", "ActiveState": "activating" if self.running else "inactive"}
        enabled, active = "enabled" if self.enabled else "", "active" if self.active else "inactive"
        return {"UnitFileState": enabled, "ActiveState": active, "NeedDaemonReload": "no"}


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Systemd:
    made = Systemd()
    monkeypatch.setattr(installed, "systemctl", made.systemctl)
    monkeypatch.setattr(installed, "properties", made.properties)
    return made


@pytest.fixture
def units(tmp_path: Path) -> Callable[[], Units]:
    return lambda: Units(tmp_path / "system", NAME, True)


def test_once_more_changes_nothing(systemd: Systemd, units: Callable[[], Units]) -> None:
    assert len(units().steps(WANTED)) == 7
    units().install(WANTED)
    assert [words[0] for words in systemd.told] == ["daemon-reload", "enable", "restart"]
    assert {path.name: path.read_text() for path in units().folder.iterdir()} == WANTED
    assert units().steps(WANTED) == []
    units().install(WANTED)
    assert len(systemd.told) == 3
    units().remove()
    assert list(units().folder.iterdir()) == []


def test_a_run_at_work_keeps_its_units_until_it_is_over(systemd: Systemd, units: Callable[[], Units]) -> None:
    units().install(WANTED)
    systemd.running = True
    assert units().remove() == [f"{NAME}.service", f"{NAME}-notify.service", f"{NAME}-failed.service"]
    assert (systemd.enabled, systemd.active, len(units().there)) == (False, False, 3)
    systemd.running = False
    assert units().remove() == []
    assert units().there == {}


@pytest.mark.parametrize("step", ["daemon-reload", "enable", "restart"])
def test_a_killed_installation_is_finished_by_the_next(systemd: Systemd, units: Callable[[], Units], step: str) -> None:
    systemd.fails = step
    with pytest.raises(ProvisionError):
        units().install(WANTED)
    systemd.fails = ""
    units().install(WANTED)
    assert (systemd.enabled, systemd.active, units().steps(WANTED)) == (True, True, [])


def test_another_time_restarts_the_timer_alone(systemd: Systemd, units: Callable[[], Units]) -> None:
    units().install(WANTED)
    other = {**WANTED, f"{NAME}.timer": WANTED[f"{NAME}.timer"] + "[Timer]\n"}
    assert units().steps(other) == [
        f"write {units().folder / NAME}.timer", "reload systemd", f"restart {NAME}.timer"
    ]  # fmt: skip
    assert units().diff(other)[-1] == "+[Timer]"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("what", ["file", "mask", "folder", "dangling link"])
def test_a_unit_that_is_not_ours_stays(systemd: Systemd, units: Callable[[], Units], suffix: str, what: str) -> None:
    folder = units().folder
    folder.mkdir()
    path = folder / f"{NAME}{suffix}"
    if what == "file":
        path.write_text("[Unit]\nDescription=of an admin\n")
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null" if what == "mask" else "/nowhere/at/all")
    with pytest.raises(ProvisionError, match="is not of `provision timer install`"):
        units()
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_the_next_timer_of_the_plan_has_missed_nothing(
    systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    of_account = Units(tmp_path / "user", NAME, False)
    of_account.install(WANTED)
    fired = stamp(False, f"{NAME}.timer")
    fired.parent.mkdir(parents=True)
    for file in (fired, fired.with_name("stamp-other.timer")):
        file.touch()
    Units(tmp_path / "user", NAME, False).remove()
    assert [each.name for each in (tmp_path / "data").rglob("stamp-*")] == ["stamp-other.timer"]
