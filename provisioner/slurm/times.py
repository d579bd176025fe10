"""Times as Slurm writes them: `90` (minutes), `12:00:00`, `7-00:00:00`, `UNLIMITED`. Pure."""

from __future__ import annotations

import re
from math import inf

TIME = r"[0-9]{1,4}-[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{1,4}:[0-9]{2}:[0-9]{2}|[0-9]{1,8}|UNLIMITED"
MOST_TIME = "7-00:00:00"
"""The longest time of a job in a partition that says none."""
DEFAULT_TIME = "1-00:00:00"
"""The time of a job that names none, where neither plan nor site says another one."""
_PARTS = re.compile(r"(?:([0-9]+)-)?([0-9]+):([0-9]+):([0-9]+)")


def minutes(time: str) -> float:
    """How long a time of the form TIME is; without end for UNLIMITED."""
    if time == "UNLIMITED":
        return inf
    parts = _PARTS.fullmatch(time)
    if parts is None:
        return float(time)
    days, hours, its_minutes, seconds = (int(part or 0) for part in parts.groups())
    return (days * 24 + hours) * 60 + its_minutes + seconds / 60


def shorter(one: str, other: str) -> str:
    """The shorter one of two times."""
    return min(one, other, key=minutes)
