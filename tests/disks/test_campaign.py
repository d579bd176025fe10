"""The disks of the campaign: what it writes is there, it is the same for a seed, and a guard that is off is seen."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from playbooks.module_utils.blade_disks.model import GB
from tests.campaign.case import Broken, Case, Place
from tests.campaign.cluster import Cluster
from tests.campaign.disk_contents import CONTENTS, Disk
from tests.campaign.disks import DISKS, EMPTY
from tests.campaign.folder import clear
from tests.disks.blade_lab import Blade, run
from tests.disks.content_makers import put

SIZE = 300 * GB
# Its filesystems have ids of their own in every run; where they are is the same.
ALIKE = ("piece_anywhere", "few_bytes_at_an_end")


def no_cluster() -> Cluster:
    raise AssertionError("disks are no blades")


def on_disk(blade: Blade, name: str, content: str) -> tuple[str, str]:
    """What a content of the case 3 says of itself, and the digest of the disk."""
    disk = Disk(blade.add(name, SIZE), blade.image(name), SIZE)
    words = CONTENTS[content](Case("disks", 3, 7).random(), disk)
    return words, blade.digest(name)


@pytest.mark.parametrize("content", CONTENTS)
def test_a_content_is_there_and_the_same_for_a_seed(blade: Blade, content: str) -> None:
    first, second = on_disk(blade, "sdb", content), on_disk(blade, "sdc", content)
    assert first[0] == second[0]
    if content in ALIKE:
        assert first == second
    if content == "nothing":
        assert first[1] == EMPTY
    elif content != "zapped":  # of a small header nothing may be left
        assert first[1] != EMPTY


def broken(folder: Path, numbers: range) -> set[str]:
    """What these cases find."""
    found: set[str] = set()
    with DISKS.open(Place(folder, no_cluster)) as run_case:
        for number in numbers:
            try:
                run_case(Case("disks", number, 7), Counter())
            except Broken as failure:
                found.add(failure.sentence)
    return found


def test_a_guard_that_is_off_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def formats(blade: Blade, wanted: Any, check: bool = False, layout: str = "plain") -> dict[str, Any]:
        if not check:
            put(blade.loops["sdb"], 4096, os.urandom(8))
        return {"actions": ["format"]}

    monkeypatch.setattr(Blade, "converge", formats)
    # of some headers nothing is left when they were zapped
    sure = [name for name in CONTENTS if name not in ("nothing", "zapped")]
    assert broken(tmp_path, range(len(CONTENTS))) >= {
        *(f"a disk that holds something was written to: {name}" for name in sure),
        "an empty disk that was named by id is no scratch",
    }


def test_a_guard_that_does_nothing_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Blade, "converge", lambda *given, **named: {"actions": []})
    empty = list(CONTENTS).index("nothing")
    found = broken(tmp_path, range(empty, empty + 4 * len(CONTENTS), len(CONTENTS)))
    assert found == {"an empty disk that was named by id is no scratch"}


def test_a_guard_that_stops_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*given: Any, **named: Any) -> dict[str, Any]:
        raise KeyError("planted")

    monkeypatch.setattr(Blade, "converge", stops)
    assert broken(tmp_path, range(1)) == {"the guard stops with a traceback"}


def test_what_a_killed_campaign_left_is_given_back(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    blade = Blade(folder / "disks" / "3")
    loop = blade.add("sdb", GB)
    run("mkfs.xfs", "-q", loop)
    blade.scratch.mkdir()
    run("mount", loop, blade.scratch)
    clear(folder)
    assert not folder.exists()
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert str(folder) not in run("losetup", "--list")
