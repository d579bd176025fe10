"""What Python made of a module's texts is used again, and nothing that somebody else put in its place."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from provisioner.on_node import compiled

PROGRAM = Path(compiled.__file__).read_text()
RUN = """
import sys, zipimport
real, calls = zipimport._compile_source, []
zipimport._compile_source = lambda *given: calls.append(given) or real(*given)
keep_compiled({folder!r}, {user})
sys.path.insert(0, {archive!r})
import part
print(part.ANSWER, "compiled" if calls else "kept")
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write(tmp_path / "module.zip", "ANSWER = 42\n")


def write(archive: Path, text: str) -> Path:
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("part.py", text)
    return archive


def said(archive: Path, folder: Path, user: int | None = None) -> str:
    """What the module of the archive answers, and whether anything was compiled for it."""
    script = PROGRAM + RUN.format(folder=str(folder), archive=str(archive), user=os.geteuid() if user is None else user)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_text_is_compiled_once(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert said(archive, folder) == "42 compiled"
    assert said(archive, folder) == "42 kept"
    assert oct(folder.stat().st_mode) == "0o40700"


def test_another_text_is_another_thing(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    said(archive, folder)
    assert said(write(archive, "ANSWER = 43\n"), folder) == "43 compiled"


@pytest.mark.parametrize("damage", ["empty", "cut off", "other bytes", "a folder"])
def test_what_is_damaged_is_compiled_anew(archive: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "kept"
    said(archive, folder)
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    kept.unlink()
    if damage == "a folder":
        kept.mkdir()
    else:
        kept.write_bytes({"empty": b"", "cut off": whole[:-3], "other bytes": whole[:-3] + b"abc"}[damage])
    assert said(archive, folder) == "42 compiled"
    assert said(archive, folder) == ("42 compiled" if damage == "a folder" else "42 kept")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("there", ["open to others", "a link", "a file", "nothing may be made"])
def test_a_folder_of_others_is_not_used(archive: Path, tmp_path: Path, there: str) -> None:
    folder = tmp_path / "kept"
    if there == "open to others":
        folder.mkdir(mode=0o755)
    elif there == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    elif there == "a file":
        folder.write_text("")
    else:
        folder = tmp_path / "missing" / "kept"
    assert said(archive, folder) == "42 compiled"
    assert said(archive, folder) == "42 compiled"


def test_another_account_than_root_keeps_nothing(archive: Path, tmp_path: Path) -> None:
    assert said(archive, tmp_path / "kept", user=os.geteuid() + 1) == "42 compiled"
    assert not (tmp_path / "kept").exists()
