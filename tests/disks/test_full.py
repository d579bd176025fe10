"""`prove: full` reads all of a disk in the background; scratch comes after that, and only if nothing changed.

The reading is the very program that a unit of systemd runs on a blade; here it runs by itself.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.module_utils.blade_disks import full, journal
from playbooks.module_utils.blade_disks.inspect import disks
from playbooks.module_utils.blade_disks.model import GB, Disk, Refusal, Wanted
from tests.disks.blade_lab import Blade
from tests.disks.content_makers import put
from tests.disks.test_anywhere import NO_FIXTURE_CHECK
from tests.disks.test_killed import begin, mkfs

UNSEEN = 50_003_968 + 40 * 4096 + 7
"""A byte that no sample reads on the disk of the tests."""


def disk_of(blade: Blade, name: str = "sdb") -> Disk:
    """The disk as it is found."""
    return next(disk for disk in disks(blade.machine) if disk.path == str(blade.path(name)))


def read_all(blade: Blade) -> dict[str, Any]:
    """Read the disk to its end; returns what was noted."""
    subprocess.run(full.command(blade.machine, disk_of(blade)), check=True)
    noted: dict[str, Any] = json.loads(full.finding_file(blade.machine, disk_of(blade)).read_text())
    return noted


def look(blade: Blade) -> dict[str, Any]:
    """What a run would do, with the disk named by id."""
    return blade.converge([Wanted(1, blade.link("sdb"))], check=True, prove="full")


def test_an_empty_disk_is_formatted_after_it_was_read(blade: Blade) -> None:
    blade.add("sdb")
    wanted = [Wanted(1, blade.link("sdb"))]
    assert look(blade)["actions"] == [f"read all of {blade.link('sdb')} in the background"]
    assert look(blade)["waiting"][0]["read"] == 0
    assert read_all(blade)["state"] == "empty"
    assert blade.converge(wanted, prove="full")["actions"][0] == f"format {blade.link('sdb')} as PROV-SCR-1"
    second = blade.converge(wanted, prove="full")
    assert (second["changed"], second["waiting"]) == (False, [])


@pytest.mark.parametrize("announced", ["", None], ids=["unannounced", "announced"])
def test_nothing_is_read_that_nobody_named(blade: Blade, announced: str | None) -> None:
    blade.add("sdb")
    result = blade.converge([Wanted(1)], check=True, prove="full", announced=announced)
    assert bool(result["actions"]) == (announced is None)
    assert result["waiting"][0]["read"] == (None if announced == "" else 0)


@settings(max_examples=8, suppress_health_check=NO_FIXTURE_CHECK)
@given(at=st.integers(0, GB - 1))
def test_any_single_byte_is_found(blade: Blade, at: int) -> None:
    if "sdb" not in blade.loops:
        blade.add("sdb")
    put(blade.loops["sdb"], at, b"\x01")
    try:
        noted = read_all(blade)
        assert (noted["state"], noted["at"]) == ("content", at)
        before = blade.digest("sdb")
        with pytest.raises(Refusal, match=f"unknown content at byte {at}"):
            blade.converge([Wanted(1, blade.link("sdb"))], prove="full")
        assert blade.digest("sdb") == before
    finally:
        put(blade.loops["sdb"], at, b"\x00")
        blade.machine.journal.unlink(missing_ok=True)


def test_what_was_written_since_makes_the_reading_worthless(blade: Blade) -> None:
    loop = blade.add("sdb")
    assert read_all(blade)["state"] == "empty"
    put(loop, UNSEEN, b"x")
    blade.digest("sdb")
    assert look(blade)["actions"] == [f"read all of {blade.link('sdb')} in the background"]


def test_what_our_own_mkfs_left_is_no_content(blade: Blade) -> None:
    """Otherwise a run that was killed inside mkfs would end in a refusal for ever."""
    loop = blade.add("sdb")
    mkfs(blade, begin(blade))
    put(loop, 126, b"\x01")
    assert read_all(blade)["state"] == "empty"
    put(loop, UNSEEN, b"x")
    assert read_all(blade)["at"] == UNSEEN


@pytest.mark.parametrize("inject", ["error=EIO:when=50", "retval=4096:when=50"], ids=["failed", "short"])
def test_a_disk_that_cannot_be_read_anywhere_is_refused(blade: Blade, inject: str) -> None:
    blade.add("sdb")
    before = blade.digest("sdb")
    fault = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=preadv2", "-e", f"inject=preadv2:{inject}"]
    subprocess.run([*fault, *full.command(blade.machine, disk_of(blade))], check=True)
    with pytest.raises(Refusal, match=r"could not be read: (Input/output error|only 4096 of)") as refused:
        blade.converge([Wanted(1, blade.link("sdb"))], prove="full")
    assert "mkfs" not in refused.value.next_step
    assert blade.digest("sdb") == before


@pytest.mark.parametrize("change", [{"boot": "another"}, {"size": 5}, {"disk": "wwn-0xother"}, {"traces": []}])
def test_a_finding_of_another_disk_or_time_counts_nothing(blade: Blade, change: dict[str, Any]) -> None:
    blade.add("sdb")
    noted = read_all(blade)
    full.finding_file(blade.machine, disk_of(blade)).write_text(json.dumps({**noted, **change}))
    assert full.finding(blade.machine, disk_of(blade)) == full.Finding()
    assert look(blade)["waiting"][0]["read"] == 0


def test_a_reading_that_goes_on_is_told_and_not_begun_again(blade: Blade) -> None:
    blade.add("sdb", 300 * GB)
    command = full.command(blade.machine, disk_of(blade))
    with subprocess.Popen(command) as reading:
        try:
            while full.finding(blade.machine, disk_of(blade)).state != "reading":
                assert reading.poll() is None
            found = blade.converge([Wanted(300, blade.link("sdb"))], check=True, prove="full")
            assert (found["actions"], found["waiting"][0]["read"]) == ([], 0)
            subprocess.run(command, check=True)  # a second one leaves at once
            assert full.finding(blade.machine, disk_of(blade)).state == "reading"
        finally:
            reading.kill()
    assert full.finding(blade.machine, disk_of(blade)).state == "none", "a reading that died is still waited for"


def test_what_it_keeps_is_for_root_alone(blade: Blade) -> None:
    blade.add("sdb")
    read_all(blade)
    folder = journal.folder(blade.machine.journal)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert full.finding_file(blade.machine, disk_of(blade)).stat().st_mode & 0o077 == 0
