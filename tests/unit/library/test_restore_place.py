"""A backup is put in place: what lives is set aside, and whatever the backup holds, nothing else is touched."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backup.making import entry, state, tar
from tests.unit.library.modules import ansible_module, shared

MODULE = ansible_module("cluster_restore")
PLACE, UNITS, DATABASE = shared("restore_place"), shared("restore_units"), shared("restore_database")
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
    monkeypatch.setattr(UNITS, "run", lambda *words, **more: (0, "inactive\n" if "show" in words else "", ""))
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
    assert PLACE.look([], "a" * 64)["state"]["placed"] is True
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


STOPPING: dict[str, list[str]] = {
    "it hangs": ["active", "deactivating"],
    "it comes back": ["active", "active"],
    "systemd does not answer": ["", ""],
}


def answering(monkeypatch: pytest.MonkeyPatch, states: list[str]) -> list[str]:
    """systemd that says one state after the other; what it is asked to do."""
    left, asked = iter(states), []

    def run(*words: str, **more: Any) -> tuple[int, str, str]:
        if words[1] == "show":
            return 0, f"{next(left)}\n", ""
        asked.append(" ".join(words[1:]))
        return 0, "", ""

    monkeypatch.setattr(UNITS, "run", run)
    return asked


@pytest.mark.parametrize("case", STOPPING)
def test_nothing_is_moved_while_slurmctld_may_write(case: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, STOPPING[case])
    (root / "slurm/slurmctld").mkdir(parents=True)
    (root / "slurm/slurmctld/job_state").write_bytes(b"lives")
    PLACE.add("state", 0, state())
    with pytest.raises(RuntimeError, match=r"slurmctld did not stop.*; next: look at `systemctl status slurmctld`"):
        PLACE.place(wanted(root, {"munge.key": b"k"}, state=True))
    assert (root / "slurm/slurmctld/job_state").read_bytes() == b"lives"
    assert not (root / "etc").exists()


@pytest.fixture
def loads(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node whose MariaDB takes every dump, and the dump."""
    monkeypatch.setattr(DATABASE, "STAGE", str(root / "stage"))
    (root / "bin").mkdir()
    (root / "bin/mariadb").write_text("#!/bin/sh\ncat > /dev/null\n")
    (root / "bin/mariadb").chmod(0o755)
    monkeypatch.setenv("PATH", f"{root}/bin:/usr/bin:/bin")
    PLACE.add("dump", 0, gzip.compress(b"SELECT 1;"))
    return root


@pytest.mark.parametrize("ran", [True, False])
def test_slurmdbd_goes_on_when_the_swap_fails(ran: bool, loads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, ["active" if ran else "inactive", "inactive"])

    def refuse(archive: str) -> None:
        raise RuntimeError("the database refuses")

    monkeypatch.setattr(DATABASE, "_swap", refuse)
    with pytest.raises(RuntimeError, match="refuses"):
        DATABASE.load("a" * 64)
    assert asked == ["stop slurmdbd.service", *(["start slurmdbd.service"] if ran else [])]


def test_tables_are_not_moved_while_slurmdbd_may_write(loads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["active", "deactivating"])
    monkeypatch.setattr(DATABASE, "_swap", lambda archive: pytest.fail("they were moved"))
    with pytest.raises(RuntimeError, match="slurmdbd did not stop"):
        DATABASE.load("a" * 64)


@pytest.mark.parametrize(
    ("owner", "group", "mode", "words"),
    [
        ("nobody-here", "root", 0o755, "there is no account nobody-here"),
        ("root", "nogroup-here", 0o705, "there is no group nogroup-here"),
        ("nobody-here", "nogroup-here", 0o705, "no account nobody-here and no group nogroup-here"),
        ("root", "root", 0o755, ""),
    ],
)
def test_a_file_of_nobody_becomes_roots(root: Path, owner: str, group: str, mode: int, words: str) -> None:
    asked = wanted(root, {"prolog": b"x"})
    asked["files"][0].update(owner=owner, group=group, mode="0755")
    (told,) = PLACE.place(asked)
    status = (root / "etc/prolog").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (IDS["root"], IDS["root"], mode)
    assert words in told
    found = PLACE.look(asked["files"], "a" * 64)["unknown"]
    assert found == {"owners": [owner] if owner != "root" else [], "groups": [group] if group != "root" else []}


@pytest.mark.parametrize(("loaded", "masks"), [("not-found", True), ("loaded", False), ("masked", False)])
def test_slurmctld_waits_for_the_users_of_the_cluster(
    loaded: str, masks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its package would start it, since its configuration is there by then."""
    monkeypatch.setattr(UNITS, "run", lambda *words, **more: (0, f"{loaded}\n", ""))
    for _ in range(2):
        UNITS.withhold("slurmctld", str(tmp_path))
    there = tmp_path / "slurmctld.service"
    assert there.is_symlink() == masks
    assert not masks or str(there.readlink()) == UNITS.QUIET
