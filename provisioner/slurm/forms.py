"""Forms of values that get into slurm.conf, and the words for one that is not of its form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NEXT = "next: correct it in group_vars beside the plan"
WORD = re.compile(r"[a-z][a-z0-9_-]{0,30}")
HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def odd(name: str, found: Any, forms: Mapping[str, re.Pattern[str]]) -> list[str]:
    """The named values that are not of their form."""
    if not isinstance(found, Mapping):
        return [f"{name} has to be named values; {NEXT}"]
    bad = [key for key, form in forms.items() if not form.fullmatch(str(found.get(key)))]
    return [f"{name}: {', '.join(bad)} cannot stand in slurm.conf; {NEXT}"] if bad else []


def shown(key: Any) -> str:
    """A key that is none, so that it stands in a sentence without ending it."""
    return ascii(key)[:40].replace(";", ",")


def strange_keys(name: str, found: Any, known: Mapping[str, re.Pattern[str]]) -> list[str]:
    """The keys of `found` that nobody knows, and its values that are not of their form."""
    if isinstance(found, Mapping) and (strange := sorted(shown(key) for key in found if key not in known)):
        return [f"{name}: {', '.join(strange)} is not one of {', '.join(known)}; {NEXT}"]
    return odd(name, found, {key: form for key, form in known.items() if isinstance(found, Mapping) and key in found})
