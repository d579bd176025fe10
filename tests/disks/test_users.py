"""A disk that somebody uses without the kernel's exclusive mark is refused, until the last moment."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from playbooks.module_utils.blade_disks import making, users
from playbooks.module_utils.blade_disks.inspect import disks
from playbooks.module_utils.blade_disks.model import GB, Refusal, Slot, Wanted
from playbooks.module_utils.blade_disks.scratch import reports
from tests.disks.blade_lab import Blade, run
from tests.disks.content_makers import ext4


@contextmanager
def program(code: str) -> Iterator[subprocess.Popen[str]]:
    """A program that has said that it is ready, and lives until the end of the block."""
    command = ["python3", "-c", f"import os, mmap\n{code}\nprint('ready', flush=True)\ninput()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        try:
            yield running
        finally:
            running.kill()


def refused(blade: Blade, said: str) -> None:
    """Both ways to name the disk end in the refusal, and the disk stays as it was."""
    before = blade.digest("sdb")
    for wanted in (Wanted(1), Wanted(1, blade.link("sdb"))):
        with pytest.raises(Refusal, match=said) as problem:
            blade.converge([wanted])
        assert "take it out of use" in problem.value.next_step
    assert blade.digest("sdb") == before


WRITER = "fd = os.open({!r}, os.O_RDWR)"
MAPPED = "fd = os.open({!r}, os.O_RDWR)\nm = mmap.mmap(fd, 4096)\nos.close(fd)"


@pytest.mark.parametrize(("code", "said"), [(WRITER, "open for writing"), (MAPPED, "mapped")], ids=["open", "mapped"])
@pytest.mark.parametrize("through", ["the loop", "its node"])
def test_a_disk_that_a_program_may_write_to(blade: Blade, code: str, said: str, through: str) -> None:
    loop = blade.add("sdb")
    with program(code.format(loop if through == "the loop" else str(blade.path("sdb")))):
        refused(blade, said)
        (shown,) = reports(blade.machine)
        assert shown["verdict"] == "used"
    assert reports(blade.machine)[0]["verdict"] == "free"


def test_a_program_that_only_reads_gets_a_moment(blade: Blade, monkeypatch: pytest.MonkeyPatch) -> None:
    """As udev does with every disk that was just closed."""
    monkeypatch.setattr(users, "PATIENCE", 0.5)
    loop = blade.add("sdb")
    with program(f"fd = os.open({loop!r}, os.O_RDONLY)"):
        refused(blade, "open for reading")
    assert blade.converge([Wanted(1)])["changed"]


@pytest.mark.parametrize("mounted", [False, True])
def test_a_loop_over_the_disk_at_an_offset(blade: Blade, mounted: bool) -> None:
    """A virtual disk inside: the outer one is empty where anybody looks."""
    blade.add("sdb")
    offset = 300 * 2**20
    inner = run("losetup", "--find", "--show", f"--offset={offset}", blade.path("sdb")).strip()
    try:
        if mounted:
            place = blade.folder / "inner"
            place.mkdir()
            ext4(inner)
            run("mount", "-o", "ro", inner, place)
        refused(blade, f"{inner.rpartition('/')[2]} lies on" if not mounted else "lies on|not empty")
    finally:
        subprocess.run(["umount", inner], check=False, capture_output=True)
        run("losetup", "--detach", inner)


def test_a_mount_in_another_namespace(blade: Blade) -> None:
    loop = blade.add("sdb")
    ext4(loop)
    command = ["unshare", "--mount", "sh", "-c", f"mount -o ro {loop} /mnt && echo ready && read x"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hidden:
        assert hidden.stdout is not None
        assert hidden.stdout.readline() == "ready\n"
        try:
            disk = disks(blade.machine)[0]
            assert disk.mounts == (), "the test's mount is not hidden"
            found = [use.words for use in users.uses(blade.machine, disk)]
            assert any("mounted at /mnt" in words for words in found), found
            before = blade.digest("sdb")
            with pytest.raises(Refusal):
                blade.converge([Wanted(1)])
            assert blade.digest("sdb") == before
        finally:
            hidden.kill()


def test_a_user_who_comes_after_the_reading(blade: Blade) -> None:
    loop = blade.add("sdb")
    slot = Slot("PROV-SCR-1", str(blade.scratch), disks(blade.machine)[0], format=True)
    proof = making.proof_of(blade.machine, slot)
    proof.establish()
    before = blade.digest("sdb")
    with program(WRITER.format(loop)), pytest.raises(Refusal, match="open for writing"):
        making.make_filesystem(blade.machine, slot, proof)
    proof.close()
    assert blade.digest("sdb") == before


@pytest.mark.parametrize("kind", ["empty", "ours"])
@pytest.mark.parametrize("count", [1, 2])
def test_one_disk_over_two_paths_never_becomes_two(blade: Blade, kind: str, count: int) -> None:
    blade.add("sdb")
    if kind == "ours":
        blade.make("sdb")
    blade.again("sdc", "sdb")
    before = blade.digest("sdb")
    named = [Wanted(1, blade.link("sdb")), Wanted(1, blade.link("sdc"))][:count]
    for wanted in ([Wanted(1)] * count, named):
        with pytest.raises(Refusal, match="seen over two paths") as refused:
            blade.converge(wanted)
        assert "(multipath)" in refused.value.next_step
        assert "mkfs" not in refused.value.next_step
    assert blade.digest("sdb") == before
    assert {one["verdict"] for one in reports(blade.machine)} == {"used"}


def test_a_path_that_is_no_disk_here_counts_as_well(blade: Blade) -> None:
    """A second loop device over the same file, without a name of its own."""
    blade.add("sdb", 2 * GB)
    blade.again("sdc", "sdb")
    blade.path("sdc").unlink()
    with pytest.raises(Refusal, match="seen over two paths"):
        blade.converge([Wanted(2)])
