from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path

import pytest

from provisioner.errors import UsageError
from provisioner.lab import command
from provisioner.lab.host import Cgroups, Host, cgroups_of, read_host


def test_one_hierarchy_is_v2_and_a_hybrid_host_is_v1(tmp_path: Path) -> None:
    hybrid = tmp_path / "hybrid"
    (hybrid / "unified").mkdir(parents=True)
    (hybrid / "unified" / "cgroup.controllers").write_text("hugetlb\n")
    (hybrid / "memory").mkdir()
    unified = tmp_path / "unified"
    unified.mkdir()
    (unified / "cgroup.controllers").write_text("cpu memory\n")
    assert cgroups_of(hybrid) is Cgroups.V1
    assert cgroups_of(unified) is Cgroups.V2


def test_the_runtime_fits_the_control_groups() -> None:
    assert Host(Cgroups.V1, 1, 1).runtime == "runc"
    assert Host(Cgroups.V2, 1, 1).runtime == "crun"


def test_limits_never_exceed_what_this_host_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_NOFILE: 5000, resource.RLIMIT_NPROC: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1, limits[which]))
    assert read_host(tmp_path).ulimits == ["nofile=5000:5000", "nproc=32768:32768"]


def test_confinement_is_read_from_sys(tmp_path: Path) -> None:
    enabled = tmp_path / "sys/module/apparmor/parameters/enabled"
    enabled.parent.mkdir(parents=True)
    enabled.write_text("N\n")
    assert not read_host(tmp_path).apparmor
    enabled.write_text("Y\n")
    assert read_host(tmp_path).apparmor


def test_missing_programs_are_named_with_the_line_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: None if name in ("podman", "crun") else f"/bin/{name}")
    monkeypatch.setattr(command, "BRIDGES", ("/nowhere/netavark",))
    with pytest.raises(UsageError) as caught:
        command.require_host("crun")
    assert caught.value.next_step == "apt-get install --yes crun podman netavark"


def test_a_lab_without_root_says_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="needs root") as caught:
        command.require_host("runc")
    assert "sudo" in caught.value.next_step
