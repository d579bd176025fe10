"""A backup is there as a whole or not at all, and the newest stay."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from provisioner.backup import shelf

MOMENT = datetime(2026, 11, 26, 3, 15, tzinfo=UTC)


def one_letter(stream: IO[bytes]) -> None:
    stream.write(b"x")


def test_a_file_is_private_and_whole(tmp_path: Path) -> None:
    name = shelf.file_name("demo", MOMENT, "age")
    assert name == "demo-20261126T031500Z.tar.age"
    file = shelf.put(tmp_path / "new", name, one_letter)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"x", 0o600)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_nothing_is_left_of_one_that_failed(tmp_path: Path) -> None:
    def full(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        shelf.put(tmp_path, "demo-20261126T031500Z.tar", full)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_one_left_goes_with_the_next(tmp_path: Path) -> None:
    (tmp_path / ".demo-20261125T031500Z.tar.part").write_text("half")
    (tmp_path / ".other-20261125T031500Z.tar.part").write_text("of another cluster")
    shelf.put(tmp_path, "demo-20261126T031500Z.tar", lambda stream: None)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        ".other-20261125T031500Z.tar.part",
        "demo-20261126T031500Z.tar",
    ]


def test_what_others_write_stays(tmp_path: Path) -> None:
    """Another cluster whose name begins alike, and a second backup of this one that is at work."""
    other = tmp_path / ".demo-east-20261126T031500Z.tar.age.part"
    other.write_text("half")

    def while_it_works(stream: IO[bytes]) -> None:
        shelf.put(tmp_path, "demo-20261126T040000Z.tar", one_letter)
        stream.write(b"whole")

    file = shelf.put(tmp_path, "demo-20261126T031500Z.tar", while_it_works)
    assert file.read_bytes() == b"whole"
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        other.name,
        "demo-20261126T031500Z.tar",
        "demo-20261126T040000Z.tar",
    ]


def test_only_the_oldest_of_this_cluster_go(tmp_path: Path) -> None:
    others = ["demo2-20200101T000000Z.tar", "demo-notes.txt", "demo-20200101T000000Z.tar.bak"]
    for day in range(1, 6):
        (tmp_path / f"demo-2026110{day}T000000Z.tar{'.gpg' if day % 2 else ''}").touch()
    for name in others:
        (tmp_path / name).touch()
    removed = shelf.thin(tmp_path, "demo", 2)
    assert [each.name[5:13] for each in removed] == ["20261103", "20261102", "20261101"]
    assert {each.name for each in tmp_path.iterdir()} >= set(others)
    newest = shelf.newest(tmp_path, "demo")
    assert newest == datetime(2026, 11, 5, tzinfo=UTC)
    assert shelf.newest(tmp_path / "none", "demo") is None
