"""Small files of the kernel and of Slurm."""

from __future__ import annotations


def text_of(path: str) -> str:
    """The text of a file, '' for one that cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
