"""What has to be there before packages come: masks that are known as ours, accounts in one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of

BEFORE = ansible_module("before_packages")


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where units are masked."""
    monkeypatch.setattr(BEFORE.mask, "__defaults__", (str(tmp_path),))
    return tmp_path


def test_masks_are_known_as_ours_and_are_made_once(units: Path) -> None:
    assert answer_of(BEFORE, quiet=["slurmd.service"])["changed"]
    assert str((units / "slurmd.service").readlink()) == BEFORE.QUIET
    assert not answer_of(BEFORE, quiet=["slurmd.service"])["changed"]


@pytest.mark.parametrize("there", ["a file", "a dead link"])
def test_what_is_there_stays(units: Path, there: str) -> None:
    unit = units / "slurmd.service"
    unit.write_text("[Unit]\n") if there == "a file" else unit.symlink_to("/dev/null/nothing")
    before = unit.lstat()
    assert not answer_of(BEFORE, quiet=["slurmd.service"])["changed"]
    assert unit.lstat() == before


def test_all_accounts_come_in_one_call(units: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    program = tmp_path / "systemd-sysusers"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\n')
    program.chmod(0o755)
    lines = ['u slurm 64030 "slurm of the cluster"', 'u munge 64032 "munge of the cluster"']
    answer: dict[str, Any] = {}

    def found(self: Any, name: str, *_: Any, **__: Any) -> str:
        return str(program)

    monkeypatch.setattr(BEFORE.AnsibleModule, "get_bin_path", found)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    answer = answer_of(BEFORE, accounts=lines)
    assert answer["changed"]
    assert log.read_text().splitlines() == ["--inline", *lines]


def test_nothing_wanted_is_nothing_changed(units: Path) -> None:
    assert not answer_of(BEFORE)["changed"]
