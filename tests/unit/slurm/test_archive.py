"""What the controller keeps of nodes that left, and says of those that come back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.archive import MOST_NODES, archive, archive_notes, note_leaving, read_archive, release_due
from provisioner.slurm.registry import merge_records
from tests.unit.slurm.node_makers import record

SEEN = {"run": "20261126T101500Z-1", "at": "2026-11-26T10:15:00+00:00"}
HOSTILE = "\x1b[2J{{ 7 * 7 }}; next: rm"


def left(content: str, known: Any, forget: list[str], noted: str = "") -> str:
    merge = merge_records(known, {}, (), forget)
    return archive(content, "demo", known, merge.as_dict(), SEEN, noted)


def test_a_node_that_leaves_is_kept_with_who_and_when() -> None:
    disks = [{"path": "/dev/sdb", "verdict": "scratch"}]
    known = {"bld-003": record(), "bld-008": record()}
    text = left("", known, ["bld-003"], note_leaving({"bld-003": {"by": "eve", "disks": disks}}))
    (kept,) = read_archive(text, "demo").values()
    assert kept == {"record": known["bld-003"], "left": {**SEEN, "by": "eve"}, "disks": disks}
    assert left(text, {"bld-008": record()}, []) == text
    assert set(read_archive(left(text, known, ["bld-008"]), "demo")) == {"bld-003", "bld-008"}


def test_a_run_that_died_in_between_takes_it_out_once_more() -> None:
    known = {"bld-003": record()}
    once = left("", known, ["bld-003"])
    assert left(once, known, ["bld-003"]) == once


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 2, "cluster": "demo", "nodes": {}}', '{"format": 1}'])
def test_a_damaged_archive_is_never_overwritten(content: str) -> None:
    with pytest.raises(ValueError, match=r"is damaged; next: move it"):
        left(content, {"bld-003": record()}, ["bld-003"])
    assert left(content, {"bld-003": record()}, []) == content
    added = {"added": ["bld-003"], "nodes": {"bld-003": record()}}
    assert "is damaged" in archive_notes(content, "demo", added)[0]


@given(st.text(max_size=300))
def test_any_other_text_is_refused(content: str) -> None:
    if content.strip():
        with pytest.raises(ValueError, match="is damaged"):
            read_archive(content, "demo")
    else:
        assert read_archive(content, "demo") == {}


def test_one_that_comes_back_is_known() -> None:
    text = left("", {"bld-003": record()}, ["bld-003"], note_leaving({"bld-003": {"by": HOSTILE}}))
    (note,) = archive_notes(text, "demo", merge_records({}, {"bld-003": record()}).as_dict())
    assert note.startswith("bld-003 is back with the installation that it had: it left 2026-11-26T10:15:00+00:00 by ")
    assert note.isprintable()
    assert "next:" not in note
    now = record()
    now |= {"machine_id": "other", "hardware": {**now["hardware"], "memory_mib": now["hardware"]["memory_mib"] // 2}}
    (note,) = archive_notes(text, "demo", merge_records({}, {"bld-003": now}).as_dict())
    assert "with another installation" in note
    assert "it has less than then: memory" in note
    assert archive_notes(text, "demo", merge_records({}, {"bld-008": record()}).as_dict()) == []


def test_only_the_last_ones_are_kept() -> None:
    old = {
        f"n{number}": {"record": record(), "left": {**SEEN, "by": ""}, "disks": None} for number in range(MOST_NODES)
    }
    text = json.dumps({"format": 1, "cluster": "demo", "nodes": old})
    merge = merge_records({"bld-003": record()}, {}, (), ["bld-003"]).as_dict()
    late = {**SEEN, "at": "2027-01-01T00:00:00+00:00"}
    kept = read_archive(archive(text, "demo", {"bld-003": record()}, merge, late), "demo")
    assert len(kept) == MOST_NODES
    assert "bld-003" in kept


@pytest.mark.parametrize("noted", ["", "no base64", "WzFd"])
def test_what_is_known_besides_may_be_nothing(noted: str) -> None:
    (kept,) = read_archive(left("", {"bld-003": record()}, ["bld-003"], noted), "demo").values()
    assert (kept["left"]["by"], kept["disks"]) == ("", None)


def test_a_release_is_due_for_members_that_compute_no_more() -> None:
    (line,) = release_due({"bld-003": {}, "bld-008": {}}, ["bld-008", "bld-011"])
    assert line.startswith("bld-003 is still in the cluster")
    assert "`provision release bld-003`" in line
    assert release_due({"bld-003": {}}, []) == []
