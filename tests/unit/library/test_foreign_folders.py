"""Root works in folders of other accounts: whatever those put there, nothing outside is read, changed or waited for.

The other account is a real one, so these tests run as root.
"""

from __future__ import annotations

import base64
import contextlib
import os
import pwd
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of, shared

FILE_SET, SECRET_FILE, FACTS = (ansible_module(name) for name in ("file_set", "secret_file", "blade_facts"))
PATHS = shared("file_paths")
NOBODY = pwd.getpwnam("nobody")
CANARY = "canary of root\n"


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A folder of root with a file of root, which have to stay as they are."""
    folder = tmp_path / "roots"
    folder.mkdir(mode=0o755)
    (folder / "shadow").write_text(CANARY)
    (folder / "shadow").chmod(0o600)
    before = looks(folder)
    yield folder
    assert looks(folder) == before


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of another account."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    return folder


def looks(folder: Path) -> list[tuple[str, int, int, int, bytes]]:
    """Name, mode, owner, group and content of a folder and of what is in it."""
    found = []
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found.append((str(path), status.st_mode, status.st_uid, status.st_gid, content))
    return found


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket must be short
        made.bind(path.name)
        os.chdir(here)


def huge_file(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


def file_of_nobody(path: Path) -> None:
    path.write_text("other\n")
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)


# What an account may put in the place of something of ours.
TRICKS: dict[str, Callable[[Path, Path], None]] = {
    "link to a file": lambda path, canary: path.symlink_to(canary / "shadow"),
    "link to a folder": lambda path, canary: path.symlink_to(canary),
    "link to nothing": lambda path, canary: path.symlink_to(canary / "new"),
    "link to a device": lambda path, canary: path.symlink_to("/dev/zero"),
    "hard link": lambda path, canary: path.hardlink_to(canary / "shadow"),
    "FIFO": lambda path, canary: os.mkfifo(path),
    "socket": lambda path, canary: socket_at(path),
    "device": lambda path, canary: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5)),
    "folder": lambda path, canary: (path / "in it").mkdir(parents=True),
    "huge file": lambda path, canary: huge_file(path),
    "other file": lambda path, canary: file_of_nobody(path),
}
WANTED: dict[str, dict[str, Any]] = {
    "file": {"content": "ours\n"},
    "secret": {"content_b64": base64.b64encode(b"ours\n").decode(), "mode": "0400", "backup": True},
    "link": {"link": "ours"},
    "folder": {"folder": True, "mode": "0750"},
    "distrusted folder": {"folder": True, "mode": "0755", "distrust": True},
}
# A folder may hold what is somebody's, and so may what a link in place of a folder leads to.
LEFT_ALONE = {(trick, want) for trick in TRICKS for want in WANTED if (trick == "folder") != ("folder" in want)}
LEFT_ALONE |= {("huge file", want) for want in WANTED}


@pytest.mark.parametrize("want", WANTED)
@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_is_mended_or_refused(theirs: Path, canary: Path, trick: str, want: str) -> None:
    path = theirs / "it"
    TRICKS[trick](path, canary)
    entry = {"path": str(path), "owner": "nobody", "group": "nogroup", **WANTED[want]}

    answer = answer_of(FILE_SET, files=[entry], _ansible_diff=True)

    assert CANARY.strip() not in str(answer)
    if (trick, want) in LEFT_ALONE:
        assert answer["failed"]
        assert str(path) in answer["msg"]
        assert "; next: " in answer["msg"]
    else:
        assert answer["changed"], answer
        assert not answer_of(FILE_SET, files=[entry])["changed"]
        assert path.lstat().st_uid == (0 if want == "link" else NOBODY.pw_uid)
    assert not [name for name in os.listdir(theirs) if ".provision-" in name]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_tells_nothing(theirs: Path, canary: Path, trick: str) -> None:
    path = str(theirs / "it")
    TRICKS[trick](theirs / "it", canary)

    said = answer_of(FACTS, paths=[path, f"{path}/shadow"], secrets=[path], salt="salt")

    facts = said["ansible_facts"]["blade"]
    assert CANARY.strip() not in str(said)
    assert bool(facts["secrets"][path]) == (trick == "other file")
    handed_on = answer_of(SECRET_FILE, path=path)
    assert ("content" in handed_on) == (trick == "other file")
    if trick != "other file":
        assert path in handed_on["refused"]
        assert "; next: " in handed_on["refused"]


@pytest.mark.parametrize("want", WANTED)
@pytest.mark.parametrize("trick", ["link to a folder", "link to a file", "link to nothing"])
def test_no_link_on_the_way_is_followed(theirs: Path, canary: Path, trick: str, want: str) -> None:
    TRICKS[trick](theirs / "way", canary)
    for path in (theirs / "way" / "it", theirs / "way" / "shadow"):
        answer = answer_of(FILE_SET, files=[{"path": str(path), **WANTED[want]}])
        assert answer["failed"]
        assert f"{theirs}/way is a link that belongs to root, and root does not follow it; next: " in answer["msg"]


def test_links_in_folders_of_root_are_followed(tmp_path: Path) -> None:
    """An admin may have put /var/lib on another disk."""
    (tmp_path / "disk" / "lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("disk/../disk/lib")
    (tmp_path / "var").symlink_to(tmp_path)
    path = tmp_path / "var" / "lib" / "new" / "file"
    entry = {"path": str(path), "content": "ours\n"}
    assert answer_of(FILE_SET, files=[entry])["changed"]
    assert (tmp_path / "disk" / "lib" / "new" / "file").read_text() == "ours\n"
    assert not answer_of(FILE_SET, files=[entry])["changed"]


def test_a_link_that_an_account_puts_into_a_folder_for_all_is_not_followed(tmp_path: Path, canary: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "way").symlink_to(canary)
    os.chown(tmp_path / "way", NOBODY.pw_uid, NOBODY.pw_gid, follow_symlinks=False)
    answer = answer_of(FILE_SET, files=[{"path": str(tmp_path / "way" / "it"), "content": "ours\n"}])
    assert "is a link that belongs to nobody" in answer["msg"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert answer_of(FILE_SET, files=[{"path": str(tmp_path / "a" / "it"), "content": "x"}])["failed"]


@pytest.mark.parametrize(
    ("mode", "group", "whose"), [(0o755, "nogroup", "root"), (0o775, "root", "root"), (0o775, "nogroup", "others"),
                                 (0o757, "root", "others"), (0o1777, "root", "others")],
)  # fmt: skip
def test_whose_a_folder_is(tmp_path: Path, mode: int, group: str, whose: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.chown(folder, group=group)
    folder.chmod(mode)
    with PATHS.reach(str(folder / "it")) as place:
        assert place.roots == (whose == "root")


def test_a_program_of_root_reads_no_candidate_that_others_can_change(theirs: Path) -> None:
    entry = {"path": str(theirs / "slurm.conf"), "content": "good\n", "validate": "grep good %s"}
    answer = answer_of(FILE_SET, files=[entry])
    assert "below a folder that is not root's; next: " in answer["msg"]
    assert os.listdir(theirs) == []


def test_what_an_account_left_in_a_folder_of_root_is_set_aside(theirs: Path, canary: Path) -> None:
    for name in ("job00001", "conf-cache"):
        (theirs / name).mkdir()
    (theirs / "slurmd.log").write_text("root's own\n")
    for number, trick in enumerate(TRICKS.values()):
        trick(theirs / f"trick{number}", canary)
    (theirs / ("x" * 255)).symlink_to(canary)
    (theirs / "left").write_text("of nobody\n")
    os.chown(theirs / "left", NOBODY.pw_uid, NOBODY.pw_gid)
    entry = {"path": str(theirs), **WANTED["distrusted folder"]}

    answer = answer_of(FILE_SET, files=[entry])

    left = set(os.listdir(theirs))
    assert {"slurmd.log", "job00001", "conf-cache"} <= left
    for path in theirs.iterdir():
        status = path.lstat()
        regular = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        ours = status.st_uid == 0 and (regular or stat.S_ISDIR(status.st_mode) or stat.S_ISSOCK(status.st_mode))
        assert ours != (".set-aside-" in path.name), path
    (note,) = answer["provision_notes"]
    assert f"of {theirs} not root's, set aside as *.set-aside-*" in note
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o755
    again = answer_of(FILE_SET, files=[entry])
    assert (again["changed"], "provision_notes" in again) == (False, False)


def test_a_run_that_was_killed_while_it_took_a_folder_over_is_taken_up(theirs: Path, canary: Path) -> None:
    (theirs / "slurmd.log").symlink_to(canary / "shadow")
    entry = {"path": str(theirs), **WANTED["distrusted folder"]}
    os.chown(theirs, 0, 0)
    theirs.chmod(0o1755)
    assert "provision_notes" in answer_of(FILE_SET, files=[entry])
    assert not (theirs / "slurmd.log").is_symlink()


@contextmanager
def attacker(folder: Path, loop: Callable[[], None]) -> Iterator[None]:
    """Another account that does something in a folder of its own again and again."""
    context = get_context("fork")
    ready, stop = context.Event(), context.Event()

    def attack() -> None:
        os.chdir(folder)
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)
        ready.set()
        while not stop.is_set():
            loop()

    process = context.Process(target=attack)
    process.start()
    try:
        assert ready.wait(10)
        yield
        assert process.is_alive(), "the attacker gave up"
    finally:
        stop.set()
        process.join(10)


def swap(target: str) -> None:
    """Puts a link in the place of everything that appears."""
    for name in os.listdir("."):
        with contextlib.suppress(OSError):
            os.symlink(target, ".trick")
        with contextlib.suppress(OSError):
            os.rmdir(name)
        with contextlib.suppress(OSError):
            os.rename(".trick", name)


@pytest.mark.parametrize("want", ["file", "secret", "link", "folder"])
def test_a_race_is_never_won(theirs: Path, canary: Path, want: str) -> None:
    """What the account wins is its own folder: at worst the run says that it cannot write there."""
    entries = [
        {"path": str(theirs / name), "owner": "nobody", "group": "nogroup", **WANTED[want]} for name in ("it", "sub/it")
    ]
    answers = []
    target = str(canary if want == "folder" else canary / "shadow")
    with attacker(theirs, lambda: swap(target)):
        for number in range(300):
            text = {"content": f"{number}\n"} if want == "file" else {}
            answers.append(answer_of(FILE_SET, files=[{**entry, **text} for entry in entries]))
            answers.append(answer_of(SECRET_FILE, path=str(theirs / "it")))
    assert len(answers) == 600
    assert CANARY.strip() not in str(answers)
    assert base64.b64encode(CANARY.encode()).decode() not in str(answers)
    assert not any("Traceback" in str(answer) for answer in answers)
