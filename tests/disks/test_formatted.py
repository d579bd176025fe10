"""An empty disk is formatted once, and what was made for a disk is adopted."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from playbooks.module_utils.blade_disks.model import Refusal, Wanted
from tests.disks.blade_lab import Blade, run

LINE = "LABEL={} {} xfs noatime,nofail,x-systemd.device-timeout=60s,x-systemd.before=slurmd.service 0 0\n"


def uuid(blade: Blade, name: str) -> str:
    """The filesystem's own id: another one after every mkfs."""
    return run("blkid", "-p", "-s", "UUID", "-o", "value", blade.path(name)).strip()


@pytest.mark.parametrize("by", ["id", "size class"])
def test_an_empty_disk_is_formatted_once(blade: Blade, by: str) -> None:
    blade.add("sdb")
    wanted = [Wanted(1, blade.link("sdb") if by == "id" else None)]
    fstab = blade.machine.fstab.read_text()

    first = blade.converge(wanted)

    made = uuid(blade, "sdb")
    assert first["changed"] is True
    assert first["actions"][0] == f"format {blade.link('sdb')} as PROV-SCR-1"
    assert stat.S_IMODE(blade.scratch.stat().st_mode) == 0o1777
    assert blade.machine.fstab.read_text() == f"{fstab}\n{LINE.format('PROV-SCR-1', blade.scratch)}"
    assert "noatime" in run("findmnt", "--noheadings", "--output", "OPTIONS", blade.scratch)
    df = run("df", "--block-size=1M", "--output=size", blade.scratch).split()[-1]
    assert first["ansible_facts"]["scratch"]["size_mib"] == pytest.approx(int(df), abs=1)
    (blade.scratch / "result").write_text("precious")

    second = blade.converge(wanted)

    assert second["changed"] is False
    assert second["actions"] == []
    assert second["diff"]["before"] == second["diff"]["after"]
    assert second["ansible_facts"] == first["ansible_facts"]
    assert uuid(blade, "sdb") == made
    assert (blade.scratch / "result").read_text() == "precious"


def test_the_unmounted_folder_is_closed_to_users(blade: Blade) -> None:
    blade.add("sdb")
    blade.scratch.mkdir()
    blade.scratch.chmod(0o1777)
    blade.converge([Wanted(1)])
    run("umount", blade.scratch)
    assert stat.S_IMODE(blade.scratch.stat().st_mode) == 0o755


def test_our_own_label_is_adopted_after_a_reimage(blade: Blade) -> None:
    """The system disk is new: no fstab line, no folder, no journal. The data is still there."""
    blade.add("sdb")
    blade.converge([Wanted(1)])
    (blade.scratch / "result").write_text("precious")
    made = uuid(blade, "sdb")
    run("umount", blade.scratch)
    blade.scratch.rmdir()
    blade.machine.journal.unlink()
    blade.machine.fstab.write_text("")

    result = blade.converge([Wanted(1)])

    assert not any("format" in action for action in result["actions"])
    assert uuid(blade, "sdb") == made
    assert (blade.scratch / "result").read_text() == "precious"
    assert blade.machine.fstab.read_text() == LINE.format("PROV-SCR-1", blade.scratch)
    run("findmnt", "--verify", "--tab-file", blade.machine.fstab)


def test_two_disks_get_a_filesystem_each(blade: Blade) -> None:
    blade.add("sdb")
    blade.add("sdc")
    result = blade.converge([Wanted(1), Wanted(1)])
    second = Path(f"{blade.scratch}2")
    assert [mount["mount_point"] for mount in result["mounts"]] == [str(blade.scratch), str(second)]
    assert blade.scratch.stat().st_dev != second.stat().st_dev
    assert blade.converge([Wanted(1), Wanted(1)])["changed"] is False


def test_a_replaced_disk_gets_the_free_slot_and_the_other_stays(blade: Blade) -> None:
    blade.add("sdb")
    blade.add("sdc")
    blade.converge([Wanted(1), Wanted(1)])
    second = Path(f"{blade.scratch}2")
    (second / "result").write_text("precious")
    run("umount", blade.scratch)
    blade.path("sdb").unlink()  # the disk of slot 1 was pulled ...
    with pytest.raises(Refusal, match="2 x 1 GB scratch, found"):
        blade.converge([Wanted(1), Wanted(1)])
    blade.add("sdd")  # ... and a new one put in
    result = blade.converge([Wanted(1), Wanted(1)])
    assert result["actions"][0] == f"format {blade.link('sdd')} as PROV-SCR-1"
    assert (second / "result").read_text() == "precious"


def test_check_mode_tells_and_touches_nothing(blade: Blade) -> None:
    blade.add("sdb")
    before, fstab = blade.digest("sdb"), blade.machine.fstab.read_text()
    result = blade.converge([Wanted(1)], check=True)
    assert result["changed"] is True
    assert result["actions"] == [
        f"format {blade.link('sdb')} as PROV-SCR-1",
        "write the fstab",
        f"mount PROV-SCR-1 at {blade.scratch}",
    ]
    assert LINE.format("PROV-SCR-1", blade.scratch) in result["diff"]["after"]
    assert blade.digest("sdb") == before
    assert blade.machine.fstab.read_text() == fstab
    assert not blade.scratch.exists()
    assert not blade.machine.journal.exists()


def test_two_disks_with_the_same_label_are_refused(blade: Blade) -> None:
    for name in ("sdb", "sdc"):
        blade.add(name)
        blade.make(name)
    with pytest.raises(Refusal, match="two devices carry the label PROV-SCR-1"):
        blade.converge([Wanted(1)])


def test_our_disk_mounted_elsewhere_is_refused(blade: Blade) -> None:
    loop = blade.add("sdb")
    blade.make("sdb")
    elsewhere = blade.folder / "mnt"
    elsewhere.mkdir()
    run("mount", loop, elsewhere)
    with pytest.raises(Refusal, match=r"is mounted at .*/mnt, not at") as refused:
        blade.converge([Wanted(1)])
    assert refused.value.next_step == f"unmount it first: umount {elsewhere}"


def test_a_mount_point_with_files_is_refused_before_formatting(blade: Blade) -> None:
    blade.add("sdb")
    before = blade.digest("sdb")
    blade.scratch.mkdir()
    (blade.scratch / "thesis").write_text("precious")
    with pytest.raises(Refusal, match="is not empty; a mount would hide it"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdb") == before


def test_a_foreign_mount_at_the_mount_point_is_refused_before_formatting(blade: Blade) -> None:
    blade.add("sdb")
    before = blade.digest("sdb")
    blade.scratch.mkdir()
    run("mount", "-t", "tmpfs", "none", blade.scratch)
    with pytest.raises(Refusal, match="something else is mounted at"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdb") == before
