"""How often a timer fires, as systemd's calendar says it. Pure.

A calendar, and no distance from the last run: systemd makes up a missed run of the former only (`Persistent=`).
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.duration import parse_duration
from provisioner.errors import UsageError

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MOST_DELAY = 1800
FITTING = "1min to 30min where an hour is a multiple of it, 1h to 12h where a day is, 1d or 7d"


@dataclass(frozen=True)
class Every:
    """A distance between runs.

    Args:
        text: as a person said it.
        seconds: the distance.
        calendar: the same for `OnCalendar=`.
    """

    text: str
    seconds: int
    calendar: str

    @property
    def delay(self) -> int:
        """Seconds by which a machine shifts its runs at most, so that not all begin at the full hour."""
        return min(self.seconds // 10, _MOST_DELAY)


def parse_every(text: str) -> Every:
    """Reads `15min`, `2h` or `1d`.

    Raises:
        UsageError: it is no time, or one that no calendar can say.
    """
    seconds = parse_duration(text, "--every")
    minutes, hours = seconds // _MINUTE, seconds // _HOUR
    if seconds and seconds % _MINUTE == 0 and seconds < _HOUR and _HOUR % seconds == 0:
        return Every(text, seconds, f"*-*-* *:00/{minutes}:00")
    if seconds and seconds % _HOUR == 0 and seconds < _DAY and _DAY % seconds == 0:
        return Every(text, seconds, f"*-*-* 00/{hours}:00:00")
    if seconds == _DAY:
        return Every(text, seconds, "*-*-* 00:00:00")
    if seconds == 7 * _DAY:
        return Every(text, seconds, "Mon *-*-* 00:00:00")
    raise UsageError("--every is a time that no calendar can repeat", f"take {FITTING}")
