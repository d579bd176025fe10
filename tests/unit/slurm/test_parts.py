"""What a board lost, and whether it is another one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.parts import (
    drift_sentence,
    other_board,
    part_words,
    parts_lost,
    serial_of,
    settled_parts,
    slow_links,
)
from provisioner.slurm.registry import merge_notes, merge_records, read_registry, recorded_warnings, write_registry
from tests.unit.slurm.node_makers import record

PORT, SECOND = "00:17:a4:77:00:01", "00:17:a4:77:00:02"
DISK, OTHER = "/dev/disk/by-id/wwn-0x5000c500aaaa0001", "/dev/disk/by-id/wwn-0x5000c500bbbb0002"


def board(serial: str = "CZ3111", links: Any = None, disks: Any = None, model: str = "E5-2690") -> dict[str, Any]:
    parts = {"serial": serial, "links": {PORT: 1000} if links is None else links}
    return {"cpu_model": model, "parts": {**parts, "disks": {DISK: 300} if disks is None else disks}}


LOST = {
    "nothing": (board(), []),
    "more of everything": (board(links={PORT: 10000, SECOND: 1000}, disks={DISK: 300, OTHER: 600}), []),
    "a disk": (board(disks={}), ["disk wwn-0x5000c500aaaa0001 (300 GB) -> gone"]),
    "a disk, and a new one came": (board(disks={OTHER: 300}), []),
    "a disk, and a smaller one came": (board(disks={OTHER: 146}), ["disk wwn-0x5000c500aaaa0001 (300 GB) -> gone"]),
    "a gigabit": (board(links={PORT: 100}), [f"link {PORT} 1000 -> 100 Mbit/s"]),
    "the carrier, which says no speed": (board(links={PORT: 0}), []),
    "the processor": (board(model="E5-2650"), ["processor E5-2690 -> E5-2650"]),
    "blanks in the model": (board(model=" E5-2690 "), []),
    "what nobody can tell": ({"cpu_model": ""}, []),
}


@pytest.mark.parametrize("case", LOST)
def test_what_is_gone_is_told_old_against_new(case: str) -> None:
    new, told = LOST[case]
    assert parts_lost(board(), new) == told
    assert parts_lost({"cpu_model": "E5-2690"}, new) == [line for line in told if line.startswith("processor")]


OTHERS = {
    "another serial number": (board(), board("CZ3222"), "serial number CZ3111 -> CZ3222"),
    "the same serial number and all else new": (board(), board(links={SECOND: 1000}, disks={OTHER: 300}), ""),
    "no serial number, all else new": (
        board(""),
        board("", {SECOND: 1000}, {OTHER: 300}),
        f"its network ports are others ({PORT} -> {SECOND}), and so are its disks",
    ),
    "no serial number, new disks": (board(""), board("", disks={OTHER: 300}), ""),
    "no serial number, new ports": (board(""), board("", {SECOND: 1000}), ""),
    "a placeholder is no serial number": (board("Default string"), board("To be filled by O.E.M."), ""),
    "nothing on record": ({}, board(), ""),
    "nothing known": (board("", {}, {}), board("", {}, {}), ""),
}


@pytest.mark.parametrize("case", OTHERS)
def test_another_board_is_known_by_what_a_new_image_does_not_change(case: str) -> None:
    old, new, words = OTHERS[case]
    assert other_board(old, new) == words


@given(st.text(max_size=200))
def test_a_serial_number_is_one_visible_line(serial: str) -> None:
    words = serial_of({"parts": {"serial": serial}})
    assert words.isprintable()
    assert "next:" not in words.lower()


def test_a_link_that_is_down_keeps_the_speed_that_it_had() -> None:
    assert settled_parts(board(), board(links={PORT: 0}))["links"] == {PORT: 1000}
    assert settled_parts({}, board(links={PORT: 0}))["links"] == {PORT: 0}
    assert settled_parts(board(), {}) == board()["parts"]
    assert part_words({}) == {}


def test_a_slow_link_is_told_with_what_to_look_at() -> None:
    assert slow_links({"links": {PORT: 100, SECOND: 1000}}) == [
        f"its link {PORT} runs at 100 Mbit/s; next: look at the cable and the port of the switch"
    ]
    assert slow_links({}) == []


def test_the_next_step_fits_what_is_gone() -> None:
    assert "--accept-hardware BLD-008" in drift_sentence(["memory 32000 -> 16000 MiB"], "BLD-008")
    assert "`provision replace BLD-008`" in drift_sentence(["another board: serial number A -> B"], "BLD-008")


def whole(**more: Any) -> dict[str, Any]:
    return {**record(), **board(), **more}


def test_a_board_that_lost_a_disk_keeps_its_record_until_that_is_accepted() -> None:
    known, found = {"bld-008": whole()}, {"bld-008": whole(**board(disks={}))}
    merge = merge_records(known, found)
    assert merge.drifted == {"bld-008": ["disk wwn-0x5000c500aaaa0001 (300 GB) -> gone"]}
    assert (merge.nodes, merge.changed, merge.whole) == (known, {}, [])
    taken = merge_records(known, found, accept=["bld-008"])
    assert (taken.nodes["bld-008"]["parts"]["disks"], taken.drifted, taken.whole) == ({}, {}, ["bld-008"])


def test_another_board_is_no_member_until_that_is_accepted() -> None:
    known, found = {"bld-008": whole()}, {"bld-008": whole(**board("CZ3222", {SECOND: 1000}, {OTHER: 300}))}
    assert merge_records(known, found).drifted == {"bld-008": ["another board: serial number CZ3111 -> CZ3222"]}
    taken = merge_records(known, found, accept=["bld-008"])
    assert taken.nodes == found
    assert "serial number CZ3111 -> CZ3222" in " ".join(taken.changed["bld-008"])


def test_more_hardware_is_taken_and_told() -> None:
    merge = merge_records({"bld-008": whole()}, {"bld-008": whole(**board(disks={DISK: 300, OTHER: 600}))})
    assert merge.drifted == {}
    assert merge_notes(merge.as_dict()) == [
        "bld-008: disks wwn-0x5000c500aaaa0001 300 GB -> wwn-0x5000c500aaaa0001 300 GB, wwn-0x5000c500bbbb0002 600 GB"
    ]


def test_what_an_older_release_did_not_write_down_comes_without_a_word() -> None:
    merge = merge_records({"bld-008": {**record(), "cpu_model": "E5-2690"}}, {"bld-008": whole()})
    assert (merge.nodes["bld-008"]["parts"], merge.changed, merge.drifted) == (board()["parts"], {}, {})


def test_warnings_are_on_record_as_long_as_there_are_any() -> None:
    words = ["memory errors were corrected (ECC, mc0)"]
    merge = merge_records({"bld-008": whole()}, {"bld-008": whole(warnings=words)})
    assert recorded_warnings(read_registry(write_registry(merge.nodes, "demo"), "demo")) == {"bld-008": words}
    over = merge_records(merge.nodes, {"bld-008": whole()})
    assert recorded_warnings(over.nodes) == {}
