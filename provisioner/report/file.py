"""The file of the page: replaced at once, and never in the place of anything else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from provisioner.errors import ProvisionError, UsageError
from provisioner.report.html import MADE_BY
from provisioner.whole_file import write_whole

_PRIVATE = 0o600
_HEAD = 2000
"""Bytes in which a page says what it is."""


def refuse_other_file(file: Path, force: bool) -> None:
    """Says what stands in the way of a page there, before anybody is asked anything.

    Raises:
        UsageError: there is no such folder, or one that cannot be written to; what is there is no file, or no page.
    """
    shown = str(file)
    folder = file.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"no file can be made in {str(folder)!r}", "name a file in a folder that you may write to")
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{shown!r} cannot be looked at: {error.strerror}", "name another file") from error
    if not stat.S_ISREG(mode):
        raise UsageError(f"{shown!r} is there and is no regular file", "name another file, such as report.html")
    if not force and not _is_page(file):
        raise UsageError(f"{shown!r} is there and is no report", "name another file, or say --force to replace it")


def write_page(file: Path, text: str, force: bool) -> None:
    """Replaces the file; whoever reads it sees the old page or the new one.

    A new one is private, as the records of runs are; one that was made readable stays so.

    Raises:
        UsageError: meanwhile something else is there.
        ProvisionError: it cannot be written; what was there is as it was.
    """
    refuse_other_file(file, force)
    try:
        mode = stat.S_IMODE(file.lstat().st_mode) if file.exists() else _PRIVATE
        write_whole(file, text, mode)
    except OSError as error:
        raise ProvisionError(
            f"{str(file)!r} cannot be written: {error.strerror}", "make room there, or name another file"
        ) from error


def _is_page(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            head = content.read(_HEAD)
    except OSError:
        return False
    return not head or f'name="generator" content="{MADE_BY} '.encode() in head
