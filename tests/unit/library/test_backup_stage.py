"""What a backup takes from a controller, and that it is of one moment."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, shared

MODULE = ansible_module("cluster_backup")
STAGE, SMALL = shared("backup_stage"), shared("backup_small")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A controller below a folder, whose slurmctld is nobody's business."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/munge.key").write_bytes(b"k")
    (tmp_path / "etc/nodes.json").write_bytes(b"{}")
    (tmp_path / "released.json").write_bytes(b"{}")
    monkeypatch.setattr(SMALL, "MUNGE_KEY", f"{tmp_path}/etc/munge.key")
    monkeypatch.setattr(SMALL, "REGISTRY", f"{tmp_path}/etc/nodes.json")
    monkeypatch.setattr(SMALL, "SINGLE", (f"{tmp_path}/released.json",))
    monkeypatch.setattr(SMALL, "FOLDERS", (f"{tmp_path}/etc",))
    return tmp_path


def large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(SMALL.MOST_FILE + 1)


def linked(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def linked_folder(path: Path) -> None:
    path.symlink_to("/etc")


ODD: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a link": ("gres.conf", linked, "a link"),
    "a link to a folder": ("plugins", linked_folder, "a link"),
    "a FIFO": ("pipe", os.mkfifo, "no plain file that only its owner can change"),
    "a large one": ("core", large, "larger than 4 MiB"),
    "a hidden one": (".slurm.conf.swp", Path.touch, "hidden"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_left_out_is_said_with_its_reason(case: str, root: Path) -> None:
    name, make, why = ODD[case]
    make(root / "etc" / name)
    found = SMALL.small_files()
    assert found.pop(f"{root}/etc/{name}") == {"left_out": why}
    assert {path: base64.b64decode(each["content"]) for path, each in found.items()} == {
        f"{root}/etc/munge.key": b"k",
        f"{root}/etc/nodes.json": b"{}",
        f"{root}/released.json": b"{}",
    }


@pytest.mark.parametrize("name", ["munge.key", "nodes.json"])
@pytest.mark.parametrize("make", [linked, large])
def test_a_backup_without_the_key_or_the_registry_is_none(name: str, make: Callable[[Path], None], root: Path) -> None:
    (root / "etc" / name).unlink()
    make(root / "etc" / name)
    with pytest.raises(RuntimeError, match=f"{name} is .*; next: put a plain file in its place, then run again"):
        SMALL.refuse_unreadable()


@pytest.mark.parametrize(("unit", "waits", "late"), [
    ("active", True, False), ("deactivating", True, True), ("inactive", True, True), ("inactive", False, False),
])  # fmt: skip
def test_a_picture_that_came_too_late_makes_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str, waits: bool, late: bool
) -> None:
    """slurmctld goes on when its unit ends, whether or not the picture was taken by then."""
    states = iter([unit])

    def run(*words: str, **more: Any) -> tuple[int, str, str]:
        if words[0] == "scontrol":
            return 0, "Slurmctld(primary) at BLD-006 is UP", ""
        return 0, next(states, "inactive"), ""

    monkeypatch.setattr(STAGE, "STAGE", str(tmp_path))
    monkeypatch.setattr(STAGE, "run", run)
    for name in ["stopping", "state.tar", *(["waits"] if waits else [])]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "files.json").write_text(json.dumps({}))
    if not late:
        assert STAGE.end()["unpacked"] == 1
        return
    with pytest.raises(RuntimeError, match="before the picture of the database was taken; next: run again"):
        STAGE.end()
    assert (tmp_path / "go").exists()
