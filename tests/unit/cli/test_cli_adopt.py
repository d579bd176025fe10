"""The plan file on disk: replaced as a whole, with mode and owner, or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from provisioner.cli.adopt import write_ids
from provisioner.disks import FoundDisk
from provisioner.errors import ProvisionError
from provisioner.plan.load import load_plan

TEXT = """#!/usr/bin/env -S provision inventory --plan
cluster: {name: c, network: 10.0.0.0/24, controller: BLD-001}
tiers:
  fat: {slurm: [controller]}
  medium: {slurm: [compute], scratch: {size_gb: 300}}
blades:
  BLD-001: {bay: 1, address: 10.0.0.1, tier: fat, ram: 8}
  BLD-002: {bay: 2, address: 10.0.0.2, tier: medium, ram: 8, disks: [1 x 300 GB SAS, 2 x 146 GB SAS]}   # keep
"""
BOOT = FoundDisk("/dev/sda", 300, "boot", id="/dev/disk/by-id/wwn-boot")
FREE = FoundDisk("/dev/sdb", 299, "free", id="/dev/disk/by-id/wwn-free")
SMALL = FoundDisk("/dev/sdc", 146, "free", id="/dev/disk/by-id/wwn-small")
OURS = FoundDisk("/dev/sdd", 300, "scratch", id="/dev/disk/by-id/wwn-ours", label="PROV-SCR-1")
FOREIGN = FoundDisk("/dev/sdd", 300, "used", id="/dev/disk/by-id/wwn-data", evidence=("ext4",))


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    """An executable plan, as an inventory is."""
    file = tmp_path / "plan.yml"
    file.write_text(TEXT)
    file.chmod(0o755)
    return file


def write(plan_file: Path, *disks: FoundDisk, check: bool = False) -> tuple[bool, str]:
    """Whether something stayed unclear, and what was shown."""
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    unclear = write_ids(console, plan_file, load_plan(plan_file), {"BLD-002": list(disks)}, check)
    return unclear, shown.getvalue()


def test_the_id_of_the_free_disk_is_written(plan_file: Path) -> None:
    unclear, shown = write(plan_file, BOOT, FREE, SMALL, FOREIGN)
    assert not unclear
    assert "+  BLD-002:" in shown
    assert plan_file.read_text() == TEXT.replace("1 x 300 GB SAS", "{size_gb: 300, id: /dev/disk/by-id/wwn-free}")
    assert plan_file.stat().st_mode & 0o777 == 0o755
    assert list(plan_file.parent.iterdir()) == [plan_file]


def test_a_second_time_there_is_nothing_to_write(plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(plan_file, FREE)
    before = plan_file.read_bytes()
    assert write(plan_file, FREE) == (False, "")
    assert "nothing to write" in capsys.readouterr().out
    assert plan_file.read_bytes() == before


def test_what_is_scratch_already_comes_before_free_disks(plan_file: Path) -> None:
    write(plan_file, FREE, OURS)
    assert "wwn-ours" in plan_file.read_text()
    assert "wwn-free" not in plan_file.read_text()


def test_check_shows_and_writes_nothing(plan_file: Path) -> None:
    assert "wwn-free" in write(plan_file, FREE, check=True)[1]
    assert plan_file.read_text() == TEXT


@pytest.mark.parametrize(
    ("disks", "said"),
    [
        ((BOOT, SMALL), "0 could be meant"),
        ((FREE, FoundDisk("/dev/sde", 300, "free", id="/dev/disk/by-id/wwn-e")), "2 could be meant"),
        ((FOREIGN,), "0 could be meant"),
        ((FoundDisk("/dev/sdb", 300, "free"),), "no stable id"),
        ((FoundDisk("/dev/sdb", 300, "free", id="/dev/disk/by-id/x}, {purpose: boot"),), "no stable id"),
        ((FoundDisk("/dev/sdb", 300, "free", id="/dev/sdb"),), "no stable id"),
    ],
)
def test_what_is_not_clear_is_said_and_not_written(
    plan_file: Path, disks: tuple[FoundDisk, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(plan_file, *disks)[0] is True
    assert said in capsys.readouterr().err
    assert plan_file.read_text() == TEXT


def test_a_plan_behind_a_link_stays_behind_it(plan_file: Path) -> None:
    link = plan_file.with_name("link.yml")
    link.symlink_to(plan_file)
    write(link, FREE)
    assert link.is_symlink()
    assert "wwn-free" in plan_file.read_text()


def test_a_mark_at_the_beginning_and_line_ends_stay(plan_file: Path) -> None:
    plan_file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    write(plan_file, FREE)
    assert plan_file.read_bytes().startswith(b"\xef\xbb\xbf#!")
    assert plan_file.read_bytes().count(b"\r\n") == TEXT.count("\n")


def test_a_plan_that_was_changed_meanwhile_is_left_alone(plan_file: Path) -> None:
    plan = load_plan(plan_file)
    plan_file.write_text(TEXT.replace("ram: 8, disks", "ram: 16, disks"))
    before = plan_file.read_bytes()
    with pytest.raises(ProvisionError):
        write_ids(Console(file=io.StringIO()), plan_file, plan, {"BLD-002": [FREE]}, check=False)
    assert plan_file.read_bytes() == before
    assert list(plan_file.parent.iterdir()) == [plan_file]
