"""Times as Slurm writes them: `90` (minutes), `12:00:00`, `7-00:00:00`, `UNLIMITED`. Pure."""

from __future__ import annotations

import re
from math import inf

TIME = r"[0-9]{1,4}-[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{1,4}:[0-9]{2}:[0-9]{2}|[0-9]{1,8}|UNLIMITED"
MOST_TIME = "7-00:00:00"
"""The longest time of a job in a partition that says none."""
DEFAULT_TIME = "1-00:00:00"
"""The time of a job that names none, where neither plan nor site says another one."""
_PARTS = re.compile(r"(?:([0-9]{1,7})-)?([0-9]{1,9})(?::([0-9]{1,2}))?(?::([0-9]{1,2}))?")


def seconds(text: str) -> int | None:
    """Seconds of a time, where a plain number means minutes; None for another text."""
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    day, first, second, third = (int(part) if part else None for part in match.groups())
    # Days are followed by hours; without them two parts are minutes and seconds.
    parts = [first or 0, second or 0, third or 0]
    if day is None and third is None:
        parts = [0, first or 0, second or 0]
    return ((day or 0) * 24 + parts[0]) * 3600 + parts[1] * 60 + parts[2]


def whole_minutes(text: str) -> int | None:
    """Minutes of a time, None for another text and where seconds are left."""
    found = seconds(text)
    return None if found is None or found % 60 else found // 60


def minutes(time: str) -> float:
    """How long a time of the form TIME is; without end for UNLIMITED and for another text."""
    found = seconds(time)
    return inf if found is None else found / 60


def shorter(one: str, other: str) -> str:
    """The shorter one of two times."""
    return min(one, other, key=minutes)
