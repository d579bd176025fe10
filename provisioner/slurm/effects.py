"""What a setting needs to take effect, by release: the table in `settings_effect.yml` as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

TABLE = "settings_effect.yml"


class Kind(IntEnum):
    """What slurmctld needs, from nothing to most."""

    NOTHING = 0
    RECONFIGURE = 1
    RESTART = 2


@dataclass(frozen=True)
class Effect:
    """What a changed setting needs: of slurmctld, and whether slurmd on the nodes reads it at its start only."""

    slurmctld: Kind
    slurmd: bool = False

    def words(self) -> str:
        """`reconfigure`, `restart slurmctld`, `reconfigure, restart slurmd` or `restart slurmctld, restart slurmd`."""
        first = {Kind.NOTHING: "nothing", Kind.RECONFIGURE: "reconfigure", Kind.RESTART: "restart slurmctld"}
        return ", ".join([first[self.slurmctld], *(["restart slurmd"] if self.slurmd else [])])


USUAL = Effect(Kind.RECONFIGURE)
"""What a key needs that the table does not have: `scontrol reconfigure` reads the whole file in every release."""

_WORDS = {
    "reconfigure": USUAL,
    "restart slurmctld": Effect(Kind.RESTART),
    "restart slurmd": Effect(Kind.RECONFIGURE, slurmd=True),
    "restart both": Effect(Kind.RESTART, slurmd=True),
}


@dataclass(frozen=True)
class Entry:
    """A key of the table as Slurm spells it, its effect from each release on, and where that is known from."""

    key: str
    since: Mapping[tuple[int, int], Effect]
    source: str

    def on(self, release: tuple[int, int]) -> Effect:
        """The effect in a release; one that is older than the table is taken for the oldest."""
        known = [each for each in self.since if each <= release]
        return self.since[max(known) if known else min(self.since)]


@cache
def entries() -> Mapping[str, Entry]:
    """All of the table, by key in small letters.

    Raises:
        ValueError: the table has a key twice, or a word that stands for no effect.
    """
    found: dict[str, Entry] = {}
    for group in yaml.safe_load(resources.files(__package__).joinpath(TABLE).read_text(encoding="utf-8")):
        since = {_release(name): _effect(words) for name, words in group["since"].items()}
        for key in group["keys"].split():
            if key.lower() in found:
                raise ValueError(f"{TABLE} has {key} twice")
            found[key.lower()] = Entry(key, since, group["source"])
    return found


def effect(key: str, release: tuple[int, int]) -> Effect:
    """What a change of a key of slurm.conf, cgroup.conf or a file beside them needs.

    Args:
        key: its name, in any case.
        release: of the controller, such as (22, 5).
    """
    entry = entries().get(key.lower())
    return entry.on(release) if entry else USUAL


def spelled(key: str) -> str:
    """The key as Slurm writes it, where it is known."""
    entry = entries().get(key.lower())
    return entry.key if entry else key


def _release(name: str) -> tuple[int, int]:
    year, _, month = name.partition(".")
    return int(year), int(month)


def _effect(words: Any) -> Effect:
    if words not in _WORDS:
        raise ValueError(f"{TABLE}: {words!r} is none of {', '.join(_WORDS)}")
    return _WORDS[words]
