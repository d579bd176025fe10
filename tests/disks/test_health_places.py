"""What the health check of a node says of real filesystems."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from provisioner.on_node.health.places import MIB, read_only_trouble, room_trouble, scratch_trouble, unwritable_trouble

Mount = Callable[[str], str]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a filesystem in memory with these options, and says where."""
    place = tmp_path / "scratch"
    place.mkdir()

    def made(options: str) -> str:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
        return str(place)

    yield made
    subprocess.run(["umount", str(place)], check=False, capture_output=True)


def fill(place: str, mib: int) -> None:
    with Path(place, "filler").open("wb") as file:
        file.write(b"x" * (mib * MIB))


def test_scratch_that_is_well(mount: Mount) -> None:
    place = mount("size=100m")
    assert scratch_trouble(place, 64) == unwritable_trouble(place) == room_trouble([place], 64) == ""
    assert list(Path(place).iterdir()) == []


def test_scratch_that_is_not_mounted(tmp_path: Path) -> None:
    place = tmp_path / "scratch"
    words = f"scratch is not mounted at {place}"
    assert scratch_trouble(str(place), 64) == words
    place.mkdir()
    assert scratch_trouble(str(place), 64) == words
    assert list(place.iterdir()) == []


def test_what_is_read_only_and_was_not_meant_so(mount: Mount, tmp_path: Path) -> None:
    place = mount("ro")
    assert scratch_trouble(place, 64) == unwritable_trouble(place) == f"{place} is read-only"
    fstab, mounts = tmp_path / "fstab", tmp_path / "mounts"
    trouble = partial(read_only_trouble, fstab=str(fstab), mounts=str(mounts))
    # What a server or a file of systemd's wants so has no line in fstab; a disk has one, or should be written to.
    mounts.write_text(f"server:/data {place} nfs4 ro 0 0\n")
    assert trouble([place]) == ""
    mounts.write_text(f"/dev/sda1 {place} ext4 ro 0 0\n")
    assert trouble(["/nowhere", "/", place]) == f"{place} is read-only"
    fstab.write_text(f"# UUID=1 {place} ext4 ro 0 0\nUUID=1 / ext4 errors=remount-ro 0 1\n")
    assert trouble([place]) == f"{place} is read-only"
    fstab.write_text(f"UUID=1 {place}/ ext4 defaults,ro 0 0\nodd\n")
    assert trouble([place, f"{place}/below"]) == ""
    mounts.write_text("")
    fstab.write_text(f"server:/data {place} nfs4 rw 0 0\n")
    assert trouble([place]) == f"{place} is read-only"


@pytest.mark.parametrize(("filled", "least", "is_full"), [(97, 64, True), (90, 64, False), (97, 2, False)])
def test_room_is_less_than_wanted_and_than_a_twentieth(mount: Mount, filled: int, least: int, is_full: bool) -> None:
    place = mount("size=100m")
    fill(place, filled)
    words = f"{place} is full, 3 MiB are free" if is_full else ""
    assert room_trouble([place, place], least) == scratch_trouble(place, least) == words


def test_no_room_for_more_files(mount: Mount) -> None:
    place = mount("size=100m,nr_inodes=50")
    assert room_trouble([place], 1) == f"{place} is full, it has no room for more files"


def test_nothing_can_be_made_in_what_is_full_to_the_last(mount: Mount) -> None:
    place = mount("size=1m,nr_inodes=2")
    Path(place, "last").touch()
    assert unwritable_trouble(place) == f"{place} is full"


def test_what_is_not_there_is_no_trouble_of_room() -> None:
    assert room_trouble(["/nowhere"], 64) == read_only_trouble(["/nowhere"]) == unwritable_trouble("/nowhere") == ""
