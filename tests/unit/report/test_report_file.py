"""The file of the page: replaced at once, private when new, and never in the place of anything else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from provisioner.errors import ProvisionError, UsageError
from provisioner.report.file import refuse_other_file, write_page
from provisioner.report.html import render
from provisioner.report.page import page
from tests.unit.report.sites import asgard, facts

PAGE = render(page(facts(asgard())))


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_new_one_is_private_and_a_readable_one_stays_readable(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_page(file, PAGE, force=False)
    assert (file.read_text(), mode(file)) == (PAGE, 0o600)
    file.chmod(0o644)
    write_page(file, PAGE + "\n", force=False)
    assert (file.read_text(), mode(file)) == (PAGE + "\n", 0o644)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", ["<!doctype html><title>mine</title>", "provision report", "\0\1"])
def test_what_is_no_report_stays(tmp_path: Path, content: str) -> None:
    file = tmp_path / "index.html"
    file.write_text(content)
    with pytest.raises(UsageError, match="is no report"):
        write_page(file, PAGE, force=False)
    assert file.read_text() == content
    write_page(file, PAGE, force=True)
    assert file.read_text() == PAGE


def test_an_empty_file_may_become_one(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.touch()
    refuse_other_file(file, force=False)


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("kind", ["folder", "link", "FIFO"])
def test_what_is_no_file_stays_always(tmp_path: Path, kind: str, force: bool) -> None:
    file, other = tmp_path / "report.html", tmp_path / "other"
    other.write_text(PAGE)
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        file.symlink_to(other)
    else:
        os.mkfifo(file)
    with pytest.raises(UsageError, match="no regular file"):
        refuse_other_file(file, force)


@pytest.mark.parametrize("name", ["missing/report.html", "file/report.html"])
def test_a_folder_that_is_none_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="no file can be made in"):
        refuse_other_file(tmp_path / name, force=False)


def test_a_name_that_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be looked at"):
        refuse_other_file(tmp_path / ("x" * 300), force=False)


def test_where_there_is_no_room_the_old_page_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    write_page(file, PAGE, force=False)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProvisionError, match="cannot be written: No space left on device"):
        write_page(file, "new", force=True)
    assert file.read_text() == PAGE
    assert list(tmp_path.iterdir()) == [file]
