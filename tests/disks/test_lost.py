"""Data whose label or table is gone is found all the same, on disks of 300 GB, and left byte-identical."""

from __future__ import annotations

import pytest

from playbooks.module_utils.blade_disks.model import Refusal, Wanted
from playbooks.module_utils.blade_disks.scratch import reports
from tests.disks.blade_lab import Blade
from tests.disks.lost_makers import LOST, SIZE


@pytest.mark.parametrize("kind", LOST)
def test_lost_data_is_refused_and_left_alone(blade: Blade, kind: str) -> None:
    make, said = LOST[kind]
    make(blade.add("sdb", SIZE))
    before = blade.digest("sdb")
    for wanted in (Wanted(300), Wanted(300, blade.link("sdb"))):
        with pytest.raises(Refusal) as refused:
            blade.converge([wanted])
        assert said in refused.value.message
        assert blade.digest("sdb") == before
    assert [one["verdict"] for one in reports(blade.machine)] == ["used"], "a later run searches all of it again"


def test_an_empty_disk_of_this_size_is_formatted(blade: Blade) -> None:
    blade.add("sdb", SIZE)
    assert blade.converge([Wanted(300)])["mounts"][0]["size_mib"] > 280_000
