"""A filesystem with our label: ours only if it was made for this very disk, and nobody's files are opened."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from playbooks.module_utils.blade_disks.model import Refusal, Wanted
from tests.disks.blade_lab import Blade, run

MADE_BY_HAND = ("mkfs.xfs", "-q", "-L", "PROV-SCR-1")


def fill(blade: Blade, mode: int) -> None:
    """Somebody's files on the filesystem."""
    blade.scratch.mkdir()
    run("mount", blade.loops["sdb"], blade.scratch)
    (blade.scratch / "thesis").write_text("precious")
    (blade.scratch / "thesis").chmod(0o600)
    blade.scratch.chmod(mode)
    run("umount", blade.scratch)


def test_our_label_by_somebody_else_is_refused_by_size_class(blade: Blade) -> None:
    run(*MADE_BY_HAND, blade.add("sdb"))
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="not made by us for this disk") as refused:
        blade.converge([Wanted(1)])
    assert "write its id into the plan" in refused.value.next_step
    assert blade.digest("sdb") == before
    assert not blade.scratch.exists()


def test_somebody_elses_files_are_mounted_by_id_and_not_opened(blade: Blade) -> None:
    run(*MADE_BY_HAND, blade.add("sdb"))
    fill(blade, 0o750)
    wanted = [Wanted(1, blade.link("sdb"))]
    first = blade.converge(wanted)
    assert not any("format" in action or "open" in action for action in first["actions"])
    assert "not opened to all users" in first["warnings"][0]
    assert stat.S_IMODE(blade.scratch.stat().st_mode) == 0o750
    assert (blade.scratch / "thesis").read_text() == "precious"
    second = blade.converge(wanted)
    assert (second["changed"], second["warnings"]) == (False, first["warnings"])


def test_an_empty_one_by_id_is_opened(blade: Blade) -> None:
    run(*MADE_BY_HAND, blade.add("sdb"))
    blade.converge([Wanted(1, blade.link("sdb"))])
    assert stat.S_IMODE(blade.scratch.stat().st_mode) == 0o1777


def test_our_own_is_opened_again_whatever_it_holds(blade: Blade) -> None:
    blade.add("sdb")
    blade.make("sdb")
    fill(blade, 0o755)
    blade.converge([Wanted(1)])
    assert stat.S_IMODE(blade.scratch.stat().st_mode) == 0o1777


def test_a_copy_of_our_disk_on_another_one_is_not_ours(blade: Blade) -> None:
    blade.add("sdb")
    blade.make("sdb")
    copy = blade.add("sdc")
    run("dd", f"if={blade.image('sdb')}", f"of={copy}", "bs=1M", "conv=sparse,notrunc", "status=none")
    run("losetup", "--detach", blade.loops.pop("sdb"))
    blade.path("sdb").unlink()
    before = blade.digest("sdc")
    with pytest.raises(Refusal, match="not made by us for this disk"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdc") == before


def test_ours_on_a_disk_that_became_smaller_is_not_ours(blade: Blade) -> None:
    loop = blade.add("sdb")
    blade.make("sdb")
    run("truncate", "--size", str(990_000_384), blade.image("sdb"))
    run("losetup", "--set-capacity", loop)
    with pytest.raises(Refusal):
        blade.converge([Wanted(1)])


def test_it_is_known_by_another_name_of_the_same_disk(blade: Blade) -> None:
    """The kernel of a new release may tell another serial number first."""
    blade.add("sdb")
    blade.converge([Wanted(1)])
    run("umount", blade.scratch)
    (blade.folder / "dev/disk/by-id/nvme-eui.1").symlink_to(blade.path("sdb"))
    (blade.folder / "dev/disk/by-id/wwn-0x0").symlink_to(blade.path("sdb"))
    assert not any("format" in action for action in blade.converge([Wanted(1)])["actions"])


def test_size_classes_wait_for_an_announcement_and_it_counts_once(blade: Blade) -> None:
    blade.add("sdb")
    before = blade.digest("sdb")
    for _ in range(2):
        result = blade.converge([Wanted(1)], announced="")
        assert (result["changed"], result["mounts"]) == (False, [])
        assert result["ansible_facts"]["scratch"]["size_mib"] == 0
        assert result["waiting"] == [
            {"disk": blade.link("sdb"), "model": "", "size_gb": 1, "mount_point": str(blade.scratch), "read": None}
        ]
    assert blade.digest("sdb") == before
    assert not blade.scratch.exists()
    assert "PROV-SCR" not in blade.machine.fstab.read_text()
    assert blade.converge([Wanted(1)], announced="first")["changed"]
    run("umount", blade.scratch)
    blade.path("sdb").unlink()
    (blade.folder / "dev/disk/by-id/wwn-0xsdb").unlink()
    blade.add("sdc")
    before = blade.digest("sdc")
    assert blade.converge([Wanted(1)], announced="first")["waiting"], "an announcement made scratch twice"
    assert blade.digest("sdc") == before
    assert blade.converge([Wanted(1)], announced="second")["changed"]


def test_an_announcement_that_could_not_be_used_yet_stays(blade: Blade) -> None:
    blade.add("sdb")
    (blade.scratch / "in-the-way").mkdir(parents=True)
    with pytest.raises(Refusal, match="not empty; a mount would hide it"):
        blade.converge([Wanted(1)], announced="first")
    (blade.scratch / "in-the-way").rmdir()
    assert blade.converge([Wanted(1)], announced="first")["changed"]


def test_the_second_scratch_alone_is_no_size_for_slurm(blade: Blade) -> None:
    """TmpDisk is measured at the first mount point."""
    for name in ("sdb", "sdc"):
        blade.add(name)
    blade.make("sdc", "PROV-SCR-2")
    result = blade.converge([Wanted(1), Wanted(1)], announced="")
    assert [mount["mount_point"] for mount in result["mounts"]] == [f"{blade.scratch}2"]
    assert result["ansible_facts"]["scratch"]["size_mib"] == 0
    assert Path(f"{blade.scratch}2").is_mount()
