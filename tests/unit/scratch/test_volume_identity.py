"""A striped volume is told from any other by what device-mapper calls it, over a /sys as a blade shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from playbooks.module_utils.blade_disks import inspect
from playbooks.module_utils.blade_disks.machine import Machine
from playbooks.module_utils.blade_disks.model import Disk, Refusal

UUID = "LVM-2aFq7cQn0Zc1rPdkW0nqJ6b3w2mUuXhT9yLsG4eVxKpR8oAfNiBtHjDzSvEgMwQl"
VOLUME = Disk(path="/dev/prov-scratch/scratch", number="253:0", size_bytes=3992977408)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One volume of LVM, which has neither a serial number nor a WWN."""
    folder = tmp_path / "sys/devices/virtual/block/dm-0"
    (folder / "dm").mkdir(parents=True)
    (folder / "dm/uuid").write_text(f"{UUID}\n")
    (folder / "ro").write_text("0\n")
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    (tmp_path / "sys/dev/block/253:0").symlink_to(folder)
    return Machine(dev=tmp_path / "dev", sys=tmp_path / "sys", proc=tmp_path / "proc")


def test_a_volume_is_the_same_as_a_moment_ago(machine: Machine) -> None:
    volume = inspect.with_identity(machine, VOLUME)
    assert volume.identities == (UUID,)
    inspect.refuse_another(machine, volume, "253:0")


def test_another_volume_under_the_same_name_is_refused(machine: Machine) -> None:
    volume = replace(inspect.with_identity(machine, VOLUME), serial="LVM-other", identities=("LVM-other",))
    with pytest.raises(Refusal, match="another disk than a moment ago"):
        inspect.refuse_another(machine, volume, "253:0")
