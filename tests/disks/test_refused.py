"""Whatever a disk holds, the guard refuses it, says what it found, and leaves every byte as it was."""

from __future__ import annotations

import subprocess

import pytest

from playbooks.module_utils.blade_disks.model import Refusal, Wanted
from playbooks.module_utils.blade_disks.scratch import reports
from tests.disks.blade_lab import Blade, run
from tests.disks.content_makers import REFUSED, ext4, swap


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("by", ["id", "size class"])
def test_a_disk_with_content_is_refused_and_left_alone(blade: Blade, kind: str, by: str) -> None:
    make, said, recognised = REFUSED[kind]
    make(blade.add("sdb"))
    probe = subprocess.run(
        ["blkid", "-p", "-o", "export", str(blade.path("sdb"))], capture_output=True, text=True, check=False
    )
    assert recognised in probe.stdout, "the test's disk is not what it claims to be"
    before = blade.digest("sdb")
    with pytest.raises(Refusal) as refused:
        blade.converge([Wanted(1, blade.link("sdb") if by == "id" else None)])
    assert said in refused.value.message
    assert "mkfs.xfs -K -L PROV-SCR-1 -m uuid=" in refused.value.next_step
    assert f" {blade.link('sdb')}  and start this run again" in refused.value.next_step
    assert blade.digest("sdb") == before
    assert "PROV-SCR" not in blade.machine.fstab.read_text()
    assert [one["verdict"] for one in reports(blade.machine)] == ["used"]


@pytest.mark.parametrize("kind", REFUSED)
def test_the_command_of_the_refusal_makes_the_disk_usable(blade: Blade, kind: str) -> None:
    make, _, _ = REFUSED[kind]
    make(blade.add("sdb"))
    wanted = [Wanted(1, blade.link("sdb"))]
    with pytest.raises(Refusal) as refused:
        blade.converge(wanted)
    command = refused.value.next_step.partition("run on the blade: ")[2].partition("  and ")[0]
    run("sh", "-c", command)
    result = blade.converge(wanted)
    assert not any("format" in action for action in result["actions"])
    assert result["mounts"][0]["size_mib"] > 800


def test_a_mounted_disk_is_refused(blade: Blade) -> None:
    loop = blade.add("sdb")
    ext4(loop)
    place = blade.folder / "some where"
    place.mkdir()
    run("mount", loop, place)
    (place / "file").write_text("precious")
    run("mount", "-o", "remount,ro", place)
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="some where is mounted from it") as refused:
        blade.converge([Wanted(1)])
    assert "take it out of use" in refused.value.next_step
    assert blade.digest("sdb") == before


def test_swap_in_use_is_refused(blade: Blade) -> None:
    loop = blade.add("sdb")
    swap(loop)
    run("swapon", loop)
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match=f"swap on {loop}"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdb") == before


def test_a_disk_that_another_program_holds_is_refused(blade: Blade) -> None:
    loop = blade.add("sdb")
    code = f"import os; os.open({loop!r}, os.O_RDONLY | os.O_EXCL); print('held', flush=True); input()"
    holder = subprocess.Popen(["python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Refusal, match="another program holds it open"):
            blade.converge([Wanted(1)])
        holder.kill()


def test_a_read_only_disk_is_refused(blade: Blade) -> None:
    run("blockdev", "--setro", blade.add("sdb"))
    with pytest.raises(Refusal, match="read-only"):
        blade.converge([Wanted(1)])


def test_the_disk_of_the_root_filesystem_is_refused(blade: Blade) -> None:
    """The real one of this machine, under its real number; it is only ever read."""
    root = run("findmnt", "--noheadings", "--output", "SOURCE", "/").strip()
    size_gb = round(int(run("lsblk", "--bytes", "--nodeps", "--noheadings", "--output", "SIZE", root)) / 10**9)
    blade.node("vda", root)
    with pytest.raises(Refusal, match="the boot disk") as refused:
        blade.converge([Wanted(size_gb, str(blade.path("vda")))])
    assert "never becomes scratch" in refused.value.next_step
    with pytest.raises(Refusal, match="the boot disk") as refused:
        blade.converge([Wanted(size_gb)])
    assert "purpose: boot" in refused.value.next_step
    assert reports(blade.machine)[0]["verdict"] == "boot"


def test_another_size_than_the_plan_names_is_refused(blade: Blade) -> None:
    blade.add("sdb")
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="has 1 GB, the plan says 2 GB"):
        blade.converge([Wanted(2, blade.link("sdb"))])
    with pytest.raises(Refusal, match=r"2 GB scratch, found: .*1 GB.: free"):
        blade.converge([Wanted(2)])
    assert blade.digest("sdb") == before


def test_another_id_than_the_plan_names_is_refused(blade: Blade) -> None:
    blade.add("sdb")
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="wwn-0xother does not exist on this blade"):
        blade.converge([Wanted(1, blade.link("other"))])
    assert blade.digest("sdb") == before


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_disks_than_the_plan_names_is_refused(blade: Blade, count: int) -> None:
    for name in ("sdb", "sdc", "sdd")[:count]:
        blade.add(name)
    before = [blade.digest(name) for name in blade.loops]
    with pytest.raises(Refusal):
        blade.converge([Wanted(1), Wanted(1)])
    assert [blade.digest(name) for name in blade.loops] == before


def test_one_bad_disk_keeps_the_good_one_untouched(blade: Blade) -> None:
    blade.add("sdb")
    ext4(blade.add("sdc"))
    before = blade.digest("sdb"), blade.digest("sdc")
    with pytest.raises(Refusal, match="ext4 labelled data"):
        blade.converge([Wanted(1, blade.link("sdb")), Wanted(1, blade.link("sdc"))])
    assert (blade.digest("sdb"), blade.digest("sdc")) == before


def test_striped_is_refused_where_the_kernel_cannot(blade: Blade) -> None:
    """Only says something on a kernel without device-mapper; on others the disks decide."""
    blade.add("sdb")
    before = blade.digest("sdb")
    (blade.folder / "proc").mkdir()
    (blade.folder / "proc/devices").write_text("Block devices:\n  7 loop\n")
    (blade.folder / "proc/swaps").write_text("")
    blade.machine = type(blade.machine)(dev=blade.machine.dev, proc=blade.folder / "proc", fstab=blade.machine.fstab)
    with pytest.raises(Refusal, match="neither device-mapper") as refused:
        blade.converge([Wanted(1)], layout="striped")
    assert refused.value.next_step == "use layout: plain"
    assert blade.digest("sdb") == before
