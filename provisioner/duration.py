"""How long something may take, as a person says it: `90s`, `30min`, `2h`, `1d12h`. Pure."""

from __future__ import annotations

import re

from provisioner.errors import UsageError

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_PART = r"([0-9]{1,6})(s|min|h|d)"


def parse_duration(text: str, option: str) -> int:
    """Seconds of a duration.

    Args:
        option: what says it, for the error.

    Raises:
        UsageError: the text is none.
    """
    if not re.fullmatch(f"(?:{_PART})+", text):
        raise UsageError(f"{option} is no time such as 30min, 2h or 1d", "say a number with s, min, h or d")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))


def said(seconds: float) -> str:
    """The duration for a person, in its two greatest units: `1 h 58 min`; what is below a second is `0 s`."""
    rest, parts = int(seconds), []
    for unit, size in reversed(_UNITS.items()):
        if rest >= size:
            parts.append(f"{rest // size} {unit}")
            rest %= size
    return " ".join(parts[:2]) or "0 s"
