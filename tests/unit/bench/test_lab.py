"""The floors install what `provision slurm` installs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.lab import BenchLab, install, new_install
from bench.states import rendered

LAB = BenchLab()


def test_the_members_are_the_controller_and_the_first_compute_blades() -> None:
    assert LAB.members(2) == ["BLD-001", "BLD-002", "BLD-003"]
    assert len(LAB.members(15)) == 16


def test_apt_alone_installs_what_a_run_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the states of the roles say it: of its scratch, of its role, of its release."""
    monkeypatch.setattr(BenchLab, "inside", lambda *_: "13")
    lines = LAB.installs([LAB.controller, "BLD-002", "BLD-005"], fresh=True)
    words = {blade: set(line.split()) for blade, line in lines.items()}
    assert {"slurmd", "xfsprogs", "libpmix2t64", "munge"} <= words["BLD-002"]
    assert "libpmix2" not in words["BLD-002"]
    assert "xfsprogs" not in words["BLD-005"]
    assert "slurmctld" in words[LAB.controller]
    assert "slurmd" not in words[LAB.controller]
    assert {"/etc/systemd/system/slurmd.service", "/etc/systemd/system/sackd.service"} <= words["BLD-005"]


def test_only_a_new_blade_needs_more_than_one_line_of_apt() -> None:
    line = install(["munge"])
    assert line.startswith("sudo DEBIAN_FRONTEND=noninteractive apt-get install")
    lists, *rest = new_install(["munge"], ["a.service"]).split(" && ")
    assert "apt-get update" in lists
    assert rest == ["sudo ln -sf /../dev/null /etc/systemd/system/a.service", line]


def test_what_ansible_cannot_render_ends_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the states are not to be rendered"):
        rendered(tmp_path / "no plan", ["BLD-001"], "state_wanted")
