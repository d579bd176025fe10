"""What a run says about scratch that does not come yet."""

from __future__ import annotations

from typing import Any

from provisioner.scratch_notes import scratch_notes

DISK: dict[str, Any] = {"disk": "/dev/disk/by-id/wwn-a", "size_gb": 300, "mount_point": "/scratch", "read": None}


def found(**scratch: Any) -> dict[str, Any]:
    """Facts as `blade_facts` gives them."""
    return {"blade": {"scratch": {"right": True, "size_mib": 0, "waiting": [], "warnings": [], **scratch}}}


def test_a_blade_without_anything_to_say_has_no_note() -> None:
    assert scratch_notes(found(), "BLD-008") == []
    assert scratch_notes({"blade": {"scratch": {"right": True, "size_mib": 1}}}, "BLD-008") == []


def test_a_disk_that_nobody_named_is_told_with_both_ways_to_allow_it() -> None:
    (note,) = scratch_notes(found(waiting=[DISK]), "BLD-008")
    assert note.startswith("no /scratch yet: /dev/disk/by-id/wwn-a (300 GB) would be formatted")
    assert "`provision reimaged BLD-008`" in note
    assert "`provision disks --adopt BLD-008`" in note


def test_a_disk_that_is_being_read_is_told_with_how_far_it_is() -> None:
    (note,) = scratch_notes(found(waiting=[{**DISK, "read": 41}]), "BLD-008")
    assert "41 % so far" in note
    assert "reimaged" not in note


def test_what_the_role_left_counts_more_than_what_was_found_before() -> None:
    after = {"scratch": {"size_mib": 285_000, "waiting": [], "warnings": ["a doubt"]}}
    assert scratch_notes({**found(waiting=[DISK]), **after}, "BLD-008") == ["a doubt"]
