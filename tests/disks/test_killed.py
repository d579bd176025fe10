"""A run that was killed inside mkfs is mended by the next one, and a note opens nothing else."""

from __future__ import annotations

import subprocess

import pytest

from playbooks.module_utils.blade_disks import journal, making
from playbooks.module_utils.blade_disks.apply import apply
from playbooks.module_utils.blade_disks.inspect import disks
from playbooks.module_utils.blade_disks.model import Disk, Refusal, Slot, Wanted
from tests.disks.blade_lab import Blade, run
from tests.disks.content_makers import FILLED, ext4, foreign_xfs, put
from tests.disks.test_formatted import uuid


def begin(blade: Blade, name: str = "sdb") -> str:
    """The note of a run that goes on to mkfs; returns the UUID that the filesystem gets."""
    disk = _disk(blade, name)
    mark = making.uuid_for(disk)
    journal.begin(blade.machine.journal, disk, mark)
    return mark


def mkfs(blade: Blade, mark: str, *before: str, name: str = "sdb") -> int:
    """The very mkfs that a run makes, perhaps under another program; its exit code."""
    command = [*before, "mkfs.xfs", "-q", "-K", "-m", f"uuid={mark}", "-L", "PROV-SCR-1", str(blade.path(name))]
    return subprocess.run(command, capture_output=True, check=False).returncode


def _disk(blade: Blade, name: str = "sdb") -> Disk:
    return next(disk for disk in disks(blade.machine) if disk.path == str(blade.path(name)))


def test_killed_after_mkfs_the_next_run_mounts(blade: Blade) -> None:
    blade.add("sdb")
    assert mkfs(blade, begin(blade)) == 0
    made = uuid(blade, "sdb")
    result = blade.converge([Wanted(1)])
    assert uuid(blade, "sdb") == made
    assert result["mounts"][0]["size_mib"] > 800
    assert not _disk(blade).begun, "the journal was not cleared"


@pytest.mark.parametrize("write", range(1, 40, 3))
def test_killed_at_any_write_the_next_run_formats_again(blade: Blade, write: int) -> None:
    """mkfs.xfs is killed at its n-th write; with few writes left it has ended before."""
    blade.add("sdb")
    kill = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64"]
    kill += ["-e", f"inject=pwrite64:signal=KILL:when={write}"]
    ended = mkfs(blade, begin(blade), *kill)
    result = blade.converge([Wanted(1)])
    assert any("format" in action for action in result["actions"]) or ended == 0
    assert blade.converge([Wanted(1)])["changed"] is False


def test_killed_inside_mkfs_the_next_run_formats_again(blade: Blade) -> None:
    blade.add("sdb")
    mark = begin(blade)
    mkfs(blade, mark)
    put(blade.loops["sdb"], 126, b"\x01")  # sb_inprogress: set first and cleared last by mkfs.xfs
    result = blade.converge([Wanted(1)])
    assert any("format" in action for action in result["actions"])
    assert uuid(blade, "sdb") == mark, "blocks of two marks could be on the disk after a second kill"
    assert blade.converge([Wanted(1)])["changed"] is False


def test_killed_before_the_superblock_the_next_run_formats_again(blade: Blade) -> None:
    """Also where only headers further back are left, as after the superblock was erased to begin anew."""
    blade.add("sdb")
    mkfs(blade, begin(blade))
    put(blade.loops["sdb"], 0, bytes(4096))
    result = blade.converge([Wanted(1)])
    assert any("format" in action for action in result["actions"])


def test_an_unfinished_xfs_without_our_note_is_refused(blade: Blade) -> None:
    loop = blade.add("sdb")
    blade.make("sdb")
    put(loop, 126, b"\x01")
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="never finished"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdb") == before


def test_a_note_does_not_open_a_disk_that_was_used_since(blade: Blade) -> None:
    loop = blade.add("sdb")
    begin(blade)
    ext4(loop)
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="ext4 labelled data"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdb") == before


@pytest.mark.parametrize("kind", FILLED)
@pytest.mark.parametrize("half", [False, True], ids=["noted", "half made"])
def test_a_stale_note_opens_nothing(blade: Blade, kind: str, half: bool) -> None:
    """After a mkfs that failed, whatever came onto the disk since stays there."""
    loop = blade.add("sdb")
    mark = begin(blade)
    if half:
        mkfs(blade, mark)
        put(loop, 126, b"\x01")
    FILLED[kind](loop)
    before = blade.digest("sdb")
    for wanted in (Wanted(1), Wanted(1, blade.link("sdb"))):
        with pytest.raises(Refusal):
            blade.converge([wanted])
    assert blade.digest("sdb") == before


def test_a_note_does_not_follow_a_name_to_another_disk(blade: Blade) -> None:
    """The kernel gave /dev/sdb to another disk after the next boot."""
    blade.add("sdb")
    mark = begin(blade)
    blade.path("sdb").unlink()
    (blade.folder / "dev/disk/by-id/wwn-0xsdb").unlink()
    loop = blade.add("sdc")
    mkfs(blade, mark, name="sdc")
    put(loop, 126, b"\x01")
    blade.path("sdc").rename(blade.path("sdb"))
    (blade.folder / "dev/disk/by-id/wwn-0xsdc").unlink()
    (blade.folder / "dev/disk/by-id/wwn-0xother").symlink_to(blade.path("sdb"))
    before = blade.digest("sdc")
    with pytest.raises(Refusal, match="never finished"):
        blade.converge([Wanted(1)])
    assert blade.digest("sdc") == before


def test_the_name_leads_to_another_disk_after_the_decision(blade: Blade) -> None:
    blade.add("sdb")
    blade.add("sdc")
    slot = Slot("PROV-SCR-1", str(blade.scratch), _disk(blade), format=True)
    blade.path("sdb").unlink()
    blade.node("sdb", blade.loops["sdc"])
    before = blade.digest("sdb"), blade.digest("sdc")
    with pytest.raises(Refusal, match="another disk than a moment ago"):
        making.make_filesystems(blade.machine, [slot])
    assert (blade.digest("sdb"), blade.digest("sdc")) == before


def test_a_disk_that_was_filled_after_the_decision_is_refused(blade: Blade) -> None:
    """Content without a signature: mkfs.xfs itself would not notice it."""
    loop = blade.add("sdb")
    slot = Slot("PROV-SCR-1", str(blade.scratch), _disk(blade), format=True)
    put(loop, 700_000, b"written a moment ago")
    before = blade.digest("sdb")
    with pytest.raises(Refusal, match="not empty any more"):
        making.make_filesystems(blade.machine, [slot])
    assert blade.digest("sdb") == before


def test_another_disk_came_under_the_name_before_the_mount(blade: Blade) -> None:
    """It would be mounted at our mount point and opened to everybody."""
    blade.add("sdb")
    blade.make("sdb")
    foreign_xfs(blade.add("sdc"))
    slot = Slot("PROV-SCR-1", str(blade.scratch), _disk(blade), format=False)
    blade.path("sdb").unlink()
    blade.node("sdb", blade.loops["sdc"])
    with pytest.raises(Refusal, match="another disk than a moment ago"):
        apply(blade.machine, [slot], check=False)
    assert not blade.scratch.is_mount()


def test_a_disk_that_is_written_to_while_it_is_read_is_refused(blade: Blade) -> None:
    """A block that no sample sees: only the kernel's count of writes tells."""
    loop = blade.add("sdb")
    proof = making.proof_of(blade.machine, Slot("PROV-SCR-1", str(blade.scratch), _disk(blade), format=True))
    proof.establish()
    put(loop, 300_204_032, b"single block")
    run("blockdev", "--flushbufs", loop)
    with pytest.raises(Refusal, match="was written to or replaced while it was read"):
        proof.confirm()
    proof.close()


def test_killed_before_the_mount_the_next_run_mounts(blade: Blade) -> None:
    blade.add("sdb")
    blade.converge([Wanted(1)])
    run("umount", blade.scratch)
    result = blade.converge([Wanted(1)])
    assert result["actions"] == [f"mount PROV-SCR-1 at {blade.scratch}"]
