"""slurm.conf as Slurm reads it, written from its manual and sources; nothing of the project's own writer is in it.

A backslash before the line's end joins lines, `#` begins a comment unless a backslash stands before it, and a line
may hold several `Key=value`, with a value in double quotes or up to the next blank (src/common/parse_config.c).
A line that begins with `include` and a blank names another file.
"""

from __future__ import annotations

import re

_PAIR = re.compile(r'\s*([^\s=#]+?)\s*([+\-/*]?)=\s*(?:"([^"]*)"|([^\s"]\S*|))(?=\s|$)', re.ASCII)
_COMMENT = re.compile(r"(?<!\\)#.*")
_INCLUDE = re.compile(r"\s*include\s+(\S+)", re.IGNORECASE | re.ASCII)
# The index of an entry that may stand several times, as `scontrol show config` prints it.
_INDEX = re.compile(r"\[\d*\]$")


def pairs(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Keys in lower case with their values, in their order, and the pieces that are no pair."""
    found, junk = [], []
    for line in text.replace("\\\n", "").split("\n"):
        rest = _COMMENT.sub("", line.replace("\r", " "))
        if include := _INCLUDE.match(rest):
            found.append(("include", include[1]))
            continue
        while rest.strip():
            pair = _PAIR.match(rest)
            if pair is None:
                junk.append(rest.strip())
                break
            value = pair[3] if pair[3] is not None else pair[4]
            found.append((_INDEX.sub("", pair[1]).lower(), value))
            rest = rest[pair.end() :]
    return found, junk
