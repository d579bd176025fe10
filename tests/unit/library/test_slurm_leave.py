"""slurmd ends on a blade that has left, and what stays there is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.slurm.released import STAYS
from tests.unit.library.modules import ansible_module, answer_of, shared

MODULE = ansible_module("slurm_leave")
LEAVING = shared("slurm_leaving")
HAS_OPTIONS = LEAVING.has_options
RUNS = {"load": "loaded", "active": "active", "enabled": "enabled"}
OFF = {"load": "loaded", "active": "inactive", "enabled": "disabled"}
NONE = {"load": "not-found", "active": "", "enabled": ""}


class Systemd:
    """systemctl, played."""

    def __init__(self, **units: dict[str, str]) -> None:
        self.units = {name: units.get(name.split(".")[0].replace("-", "_"), NONE) for name in LEAVING.UNITS}
        self.asked: list[tuple[str, ...]] = []
        self.stuck = False

    def run(self, *command: str, limit: float = 30) -> str:
        self.asked.append(command)
        if not self.stuck:
            self.units |= dict.fromkeys(command[2:], OFF)
        return ""

    def states(self, names: Any) -> dict[str, dict[str, str]]:
        return {name: self.units.get(name, NONE) for name in names}


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Systemd:
    played = Systemd(slurmd=RUNS)
    monkeypatch.setattr(LEAVING, "run", played.run)
    monkeypatch.setattr(LEAVING, "unit_states", played.states)
    monkeypatch.setattr(LEAVING, "has_options", lambda: False)
    monkeypatch.setattr(MODULE, "steps", list)
    monkeypatch.setattr(MODULE, "stays", lambda: ["munge"])
    return played


def test_slurmd_is_disabled_before_it_is_stopped(systemd: Systemd) -> None:
    said = answer_of(MODULE)
    assert said["told"] == ["unit slurmd.service: enabled -> disabled", "unit slurmd.service: running -> stopped"]
    assert systemd.asked == [("systemctl", "disable", "slurmd.service"), ("systemctl", "stop", "slurmd.service")]
    again = answer_of(MODULE)
    assert (again["changed"], again["told"], again["stays"]) == (False, [], ["munge"])


def test_a_check_only_tells(systemd: Systemd) -> None:
    assert answer_of(MODULE, _ansible_check_mode=True)["changed"] is True
    assert systemd.asked == []


def test_a_slurmd_that_goes_on_is_no_success(systemd: Systemd) -> None:
    systemd.stuck = True
    said = answer_of(MODULE)
    assert said["failed"]
    assert "slurmd.service does not end; next: look at" in said["msg"]


def test_a_blade_where_a_step_is_at_work_is_left(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "steps", lambda: [4711])
    said = answer_of(MODULE)
    assert said["failed"]
    assert "(1 slurmstepd)" in said["msg"]
    assert systemd.asked == []


def test_what_stays_is_found(systemd: Systemd, tmp_path: Path) -> None:
    assert LEAVING.stays(tmp_path) == []
    for name in ("etc/munge", "etc/pam.d", "etc/ssh/authorized_keys.d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/munge/munge.key").write_text("k")
    (tmp_path / "etc/pam.d/sshd").write_text("# account required pam_slurm_adopt.so\n")
    (tmp_path / "etc/fstab").write_text("LABEL=PROV-SCR-1 /scratch xfs defaults 0 2\n")
    (tmp_path / "etc/ssh/authorized_keys.d/ada").write_text("k")
    assert LEAVING.stays(tmp_path) == ["munge", "scratch", "users"]
    (tmp_path / "etc/pam.d/sshd").write_text("account required pam_slurm_adopt.so\n")
    systemd.units |= {"provision-firewall.service": RUNS, "prometheus-node-exporter.service": RUNS}
    assert set(LEAVING.stays(tmp_path)) == STAYS.keys()


def test_only_options_of_ours_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "slurmd"
    assert not HAS_OPTIONS(file)
    file.write_text("SLURMD_OPTIONS=\n")
    assert not HAS_OPTIONS(file)
    file.write_text("# Written by provision (role slurmd).\n")
    assert HAS_OPTIONS(file)
