"""How a person is told of a difference: `package munge: absent -> installed`."""

from __future__ import annotations

from collections.abc import Iterable

WORDS = {
    "accounts": "account", "packages": "package", "folders": "folder", "links": "link", "files": "file",
    "strays": "stray", "secrets": "secret", "asks": "", "scratch": "scratch", "units": "unit", "trials": "trial",
}  # fmt: skip
"""How a line names a thing of each kind, in the order in which they are worked on."""


def line_of(kind: str, name: str, what: str) -> str:
    """The line of one thing; `what` says what is there and what will be."""
    return f"{WORDS[kind]} {name}: {what}".strip()


def folded(lines: Iterable[str]) -> list[str]:
    """The lines, those of one kind with the same end that follow each other as one: `package chrony, munge: ...`.

    Other lines, such as titles of tasks, stay as they are.
    """
    told: list[str] = []
    before: tuple[str, str] | None = None
    for line in lines:
        start, _, what = line.partition(": ")
        word, _, name = start.partition(" ")
        kept = (word, what) if word in WORDS.values() and word and name and what else None
        if kept and kept == before:
            told[-1] = f"{told[-1].removesuffix(f': {what}')}, {name}: {what}"
        else:
            told.append(line)
        before = kept
    return told
