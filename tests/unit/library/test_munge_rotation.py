"""What is staged for another munge key: for root only, whole or not at all, and nothing of one that was not taken."""

from __future__ import annotations

import base64
import stat
import time
from pathlib import Path

import pytest

from tests.unit.library.modules import ansible_module, answer_of, shared

MODULE = ansible_module("munge_rotation")
STEPS, PLACE = shared("munge_rotation"), shared("rotation_place")
SALT = "salt"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a controller keeps a rotation; no unit of systemd has to do with it."""
    place, key = tmp_path / "state" / "rotation", tmp_path / "munge.key"
    key.write_bytes(b"k" * 128)
    for module in (STEPS, PLACE):
        monkeypatch.setattr(module, "ON_CONTROLLER", str(place))
        monkeypatch.setattr(module, "ON_NODE", str(tmp_path / "node"))
    monkeypatch.setattr(STEPS, "KEY", str(key))
    monkeypatch.setattr(STEPS, "CLEANS", str(tmp_path / "clean.conf"))
    monkeypatch.setattr(STEPS, "refuse_without_room", lambda: None)
    monkeypatch.setattr(STEPS, "start", lambda *words: None)
    for name in ("stop", "works"):
        monkeypatch.setattr(STEPS, name, lambda: False)
    return place


def test_a_key_is_staged_for_root_only(folder: Path, tmp_path: Path) -> None:
    said = answer_of(MODULE, step="make", undo=False, by="eve")
    content = base64.b64decode(said["content"])
    assert len(content) == 128
    assert (folder / "new.key").read_bytes() == content != (tmp_path / "munge.key").read_bytes()
    assert (folder / "before.key").read_bytes() == (tmp_path / "munge.key").read_bytes()
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert PLACE.journal()["stage"] == "staged"
    assert (tmp_path / "clean.conf").read_text().splitlines()[1] == f"d {folder} 0700 root root m:7d"


def test_what_was_staged_and_not_taken_goes_and_an_older_key_stays(folder: Path) -> None:
    STEPS.make(False, "eve")
    (folder / "old.key").write_bytes(b"o" * 128)
    STEPS.drop(True)
    assert sorted(path.name for path in folder.iterdir()) == ["journal.json", "old.key"]
    assert STEPS.make(True, "eve") == b"o" * 128
    assert STEPS.finish()
    assert not folder.exists()
    assert not STEPS.finish()


def test_without_room_nothing_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = STEPS.write

    def full(path: str, content: bytes, mode: int = 0o600) -> None:
        if path.endswith("before.key"):
            raise OSError(28, "No space left on device")
        write(path, content, mode)

    monkeypatch.setattr(STEPS, "write", full)
    said = answer_of(MODULE, step="make", undo=False, by="eve")
    assert "No space left on device; next: make room there" in str(said["refused"]).replace("[Errno 28] ", "")
    assert "content" not in said
    assert list(folder.iterdir()) == []


def test_a_key_that_is_not_kept_cannot_come_back(folder: Path) -> None:
    assert "not kept any more" in answer_of(MODULE, step="make", undo=True, by="eve")["refused"]
    assert not (folder / "new.key").exists()


@pytest.mark.parametrize(("now", "stage"), [(b"n", "switched"), (b"k", "switching")])
def test_a_change_that_nobody_could_write_down_is_one(folder: Path, tmp_path: Path, now: bytes, stage: str) -> None:
    STEPS.make(False, "eve")
    (folder / "before.key").replace(folder / "old.key")
    PLACE.note(stage="switching")
    (tmp_path / "munge.key").write_bytes(now * 128)
    assert STEPS.wait()["stage"] == stage


def test_an_undo_that_ended_before_the_change_can_be_said_again(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "old.key").write_bytes(b"o" * 128)
    STEPS.make(True, "eve")
    # What the program does first in the moment.
    (folder / "before.key").replace(folder / "old.key")
    PLACE.note(stage="switching")
    assert STEPS.look(SALT, True)["old"] == PLACE.digest(f"{folder}/new.key", SALT) != ""
    assert STEPS.make(True, "eve") == b"o" * 128
    assert (folder / "old.key").read_bytes() == b"o" * 128


def test_a_node_takes_a_key_only_in_place_of_the_controllers(folder: Path, tmp_path: Path) -> None:
    was = PLACE.digest(STEPS.KEY, SALT)
    STEPS.stage(b"n" * 128, was, SALT, "", "10.0.0.1:6817")
    assert (tmp_path / "node" / "new.key").read_bytes() == b"n" * 128
    with pytest.raises(RuntimeError, match="not that of the controller"):
        STEPS.stage(b"n" * 128, "another", SALT, "", "10.0.0.1:6817")


MOMENTS = {
    "its clock is behind": (40.0, 5.0, "behind that of the controller"),
    "too late": (0.5, 5.0, "heard too late"),
    "gone": (4.0, 5.0, "has ended"),
}


@pytest.mark.parametrize("case", MOMENTS)
def test_a_moment_that_a_node_cannot_keep_is_refused(case: str, folder: Path) -> None:
    left, lead, words = MOMENTS[case]
    with pytest.raises(RuntimeError, match=words):
        STEPS.arm(time.time() + left, lead)
    assert not folder.exists()


def test_a_journal_of_another_shape_is_none(folder: Path) -> None:
    folder.mkdir(parents=True)
    for text in ("[1]", "{", ""):
        (folder / "journal.json").write_text(text)
        assert PLACE.journal() == {}
