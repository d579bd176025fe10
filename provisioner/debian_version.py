"""Which of two versions of a Debian package is the older one, as dpkg itself decides (deb-version(7)). Pure."""

from __future__ import annotations

import re
from itertools import zip_longest


def is_older(version: str, than: str) -> bool:
    """Whether the first version comes before the second."""
    return _key(version) < _key(than)


def _key(version: str) -> tuple[int, list[tuple[list[int], int]], list[tuple[list[int], int]]]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    # No revision is the revision 0.
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch) if epoch.isdecimal() else 0, _parts(upstream), _parts(revision)


def _parts(text: str) -> list[tuple[list[int], int]]:
    """Text and number in turn. `~` sorts before everything, even before the end; letters before all other signs."""
    words = re.findall(r"[^0-9]+", text)
    numbers = [int(number) for number in re.findall(r"[0-9]+", text)]
    if text[:1].isdecimal():
        words = ["", *words]
    parts = [([_order(sign) for sign in word or ""], number or 0) for word, number in zip_longest(words, numbers)]
    # An end is a sign of its own, between `~` and the letters.
    return [([*order, 0], number) for order, number in [*parts, ([], 0)]]


def _order(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256
