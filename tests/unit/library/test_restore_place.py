"""A backup is put in place: what lives is set aside, and whatever the backup holds, nothing else is touched."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backup.making import entry, state, tar
from tests.unit.library.modules import ansible_module, shared

MODULE = ansible_module("cluster_restore")
PLACE = shared("restore_place")
IDS = {"root": os.getuid(), "slurm": os.getuid(), "munge": os.getuid()}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A controller below a folder, whose slurmctld is nobody's business."""
    monkeypatch.setattr(PLACE, "STAGE", str(tmp_path / "stage"))
    monkeypatch.setattr(PLACE, "JOURNAL", str(tmp_path / "stage" / "journal.json"))
    monkeypatch.setattr(PLACE, "STATE", str(tmp_path / "slurm" / "slurmctld"))
    monkeypatch.setattr(PLACE, "PLACES", (f"{tmp_path}/etc/",))
    monkeypatch.setattr(PLACE, "FOLDERS", {})
    monkeypatch.setattr(PLACE, "run", lambda *words, **more: (0, "", ""))
    PLACE.fresh()
    return tmp_path


def brought(text: bytes) -> str:
    digest = hashlib.sha256(text).hexdigest()
    PLACE.add(digest, 0, text)
    return digest


def wanted(root: Path, files: dict[str, bytes], **more: Any) -> dict[str, Any]:
    each = [
        {"path": f"{root}/etc/{name}", "sha256": brought(text), "owner": "root", "group": "root", "mode": "0600"}
        for name, text in files.items()
    ]
    return {"archive": "a" * 64, "state": False, "unpacked": 100_000, "files": each, "ids": IDS, **more}


def test_files_and_state_come_whole(root: Path) -> None:
    PLACE.add("state", 0, state())
    told = PLACE.place(wanted(root, {"slurm/slurm.conf": b"x", "munge.key": b"k"}, state=True))
    assert len(told) == 3
    assert (root / "etc/slurm/slurm.conf").read_bytes() == b"x"
    assert (root / "slurm/slurmctld/hash.1/job.1/script").read_bytes() == b"#!/bin/sh"
    assert PLACE.look([f"{root}/etc/munge.key"], "a" * 64)["state"]["placed"] is True
    assert PLACE.look([], "b" * 64)["state"]["placed"] is False


def test_a_link_in_place_of_the_folder_leads_nowhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """slurm owns the folder above, and may move what stands there at any time."""
    other = root / "other"
    other.mkdir()
    real = PLACE.fill

    def moved(*words: Any) -> None:
        (root / "slurm/slurmctld.restoring").rename(root / "slurm/moved")
        (root / "slurm/slurmctld.restoring").symlink_to(other)
        real(*words)

    monkeypatch.setattr(PLACE, "fill", moved)
    PLACE.add("state", 0, state())
    PLACE.place(wanted(root, {}, state=True))
    assert list(other.iterdir()) == []
    assert (root / "slurm/moved/job_state").read_bytes() == b"jobs"


def test_what_lives_is_set_aside(root: Path) -> None:
    (root / "slurm/slurmctld").mkdir(parents=True)
    (root / "slurm/slurmctld/job_state").write_bytes(b"lives")
    (root / "etc").mkdir()
    (root / "etc/munge.key").write_bytes(b"lives")
    PLACE.add("state", 0, state())
    PLACE.place(wanted(root, {"munge.key": b"k"}, state=True))
    (aside,) = (root / "slurm").glob("slurmctld.set-aside-*")
    assert (aside / "job_state").read_bytes() == b"lives"
    (aside,) = (root / "etc").glob("munge.key.set-aside-*")
    assert aside.read_bytes() == b"lives"


def test_a_second_call_changes_nothing(root: Path) -> None:
    asked = wanted(root, {"munge.key": b"k"})
    assert PLACE.place(asked) != []
    assert PLACE.place(asked) == []


@pytest.mark.parametrize("path", ["/root/.ssh/authorized_keys", "ETC/../../x", "ETC/slurm/../../../x", "relative"])
def test_a_path_elsewhere_is_refused(root: Path, path: str) -> None:
    asked = wanted(root, {"munge.key": b"k"})
    asked["files"][0]["path"] = path.replace("ETC", f"{root}/etc")
    with pytest.raises(RuntimeError, match="no file of a controller"):
        PLACE.place(asked)
    assert not (root / "etc").exists()


def test_what_came_damaged_is_refused_before_anything_is_touched(root: Path) -> None:
    asked = wanted(root, {"a": b"1", "b": b"2"})
    PLACE.add(asked["files"][1]["sha256"], 0, b"other")
    with pytest.raises(RuntimeError, match="came damaged"):
        PLACE.place(asked)
    assert not (root / "etc").exists()


@pytest.mark.parametrize(
    "bad",
    [entry("/etc/x", b"1"), entry("../x", b"1"), entry("x", type=b"2", linkname="/etc/shadow"), entry("x", b"1" * 99)],
)
def test_a_state_that_no_slurmctld_writes_is_refused(root: Path, bad: Any) -> None:
    PLACE.add("state", 0, tar([bad], packed=True))
    with pytest.raises(RuntimeError):
        PLACE.place(wanted(root, {"a": b"1"}, state=True, unpacked=50))
    assert not (root / "slurm/slurmctld").exists()
    assert not (root / "etc").exists()


def test_a_link_in_place_of_a_file_leads_nowhere(root: Path) -> None:
    (root / "etc").mkdir()
    (root / "victim").write_text("mine")
    (root / "etc/munge.key").symlink_to(root / "victim")
    PLACE.place(wanted(root, {"munge.key": b"k"}))
    assert (root / "victim").read_text() == "mine"
    assert (root / "etc/munge.key").read_bytes() == b"k"


def test_pieces_come_in_order_and_again(root: Path) -> None:
    for _ in range(2):
        PLACE.add("dump", 0, b"abc")
        PLACE.add("dump", 3, b"def")
    assert (root / "stage/dump").read_bytes() == b"abcdef"
    assert (root / "stage/dump").stat().st_mode & 0o777 == 0o600


def test_the_module_names_no_file_of_its_own(root: Path) -> None:
    with pytest.raises(RuntimeError, match="no such file"):
        MODULE.work({"step": "piece", "archive": "", "name": "../x", "offset": 0, "content": ""})
