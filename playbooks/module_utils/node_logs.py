"""The last lines of logs, for somebody who asks what went wrong."""

from __future__ import annotations

import os

from ansible.module_utils.blade_software import run

# Lines of a log, characters of a line, and bytes of its end that are looked at.
LINES, LONGEST, END = 8, 400, 2**20
# What a daemon of Slurm writes of each look at its port, also of ours.
_LOOK = "Zero Bytes were transmitted or received"


def journal(*options):
    """The last lines of the journal of this boot that the options choose, each with its time."""
    said = run("journalctl", "--boot", "--quiet", "--no-pager", "--output=short-iso", f"--lines={LINES}", *options)
    return last(said)


def root_log(path, word=""):
    """The last lines of a log of Slurm, or those of them with the word; [] where its folder is not root's.

    In a folder of somebody else's the log could be a link to anything.
    """
    try:
        if os.stat(os.path.dirname(path)).st_uid != 0:
            return []
        with open(path, "rb", opener=_no_link) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - END))
            text = file.read(END).decode(errors="replace")
    except OSError:
        return []
    return last(text, word)


def last(text, word=""):
    """The last lines with something in them, and with the word where there is one."""
    found = [
        line.strip()[:LONGEST] for line in text.splitlines() if line.strip() and _LOOK not in line and _has(line, word)
    ]
    return found[-LINES:]


def _has(line, word):
    """Whether the word stands in the line by itself: bld-1 is not in bld-10."""
    if not word:
        return True
    parts = "".join(each if each.isalnum() or each in "-_" else " " for each in line)
    return word in parts.split()


def _no_link(path, flags):
    return os.open(path, flags | os.O_NOFOLLOW)
