"""The commands of sacctmgr, as lists of words: nothing of them is ever read by a shell. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from provisioner.accounts.limits import Setting, Settings, to_slurm
from provisioner.accounts.policy import ROOT, Key

SACCTMGR = ("sacctmgr", "--immediate")
Kind = TypeVar("Kind", bound=Hashable)
MOST_NAMES = 500
"""Names in one command; a thousand users with the same limits are two commands."""


@dataclass(frozen=True)
class Command:
    """One command; `names` are those that it is about, and `removes` says how many of what is there end with it."""

    argv: tuple[str, ...]
    names: tuple[str, ...] = ()
    removes: bool = False

    def __str__(self) -> str:
        return shlex.join(self.argv)


def changed(known: Sequence[Setting], wanted: Settings, there: Settings) -> tuple[str, ...]:
    """The words behind `set` that make the settings the wanted ones, none where they are.

    A list of QOS that was made by `QOS+=` is relative to those above it: it stays where the file says nothing.
    """
    words = []
    for setting in known:
        want, has = wanted.get(setting.name), there.get(setting.name)
        if want == has or (want is None and setting.name == "QOS" and _is_relative(has)):
            continue
        words.append(to_slurm(setting, want, has))
    return tuple(words)


def _is_relative(value: object) -> bool:
    return isinstance(value, tuple) and any(str(name).startswith(("+", "-")) for name in value)


def add_qos(name: str, settings: tuple[str, ...]) -> Command:
    """A new QOS."""
    return Command((*SACCTMGR, "add", "qos", f"name={name}", *settings), (name,))


def modify_qos(name: str, settings: tuple[str, ...]) -> Command:
    """Other settings of a QOS."""
    return Command((*SACCTMGR, "modify", "qos", "where", f"name={name}", "set", *settings), (name,))


def add_accounts(cluster: str, names: tuple[str, ...], parent: str, settings: tuple[str, ...]) -> Command:
    """Accounts below one parent."""
    above = () if parent == ROOT else (f"parent={parent}",)
    words = ("add", "account", f"name={','.join(names)}", f"cluster={cluster}", *above, *settings)
    return Command((*SACCTMGR, *words), names)


def modify_accounts(cluster: str, names: tuple[str, ...], settings: tuple[str, ...]) -> Command:
    """Other settings of accounts, or another parent."""
    words = ("modify", "account", "where", f"name={','.join(names)}", f"cluster={cluster}", "set", *settings)
    return Command((*SACCTMGR, *words), names)


def add_users(cluster: str, names: tuple[str, ...], place: Key, settings: tuple[str, ...]) -> Command:
    """Users in an account; `place` has no user."""
    within = (f"account={place.account}", *((f"partition={place.partition}",) if place.partition else ()))
    return Command(
        (*SACCTMGR, "add", "user", f"name={','.join(names)}", f"cluster={cluster}", *within, *settings), names
    )


def modify_associations(cluster: str, names: tuple[str, ...], place: Key, settings: tuple[str, ...]) -> Command:
    """Other settings of users in an account. Without `partition=` those in partitions would be changed, too."""
    where = ("where", f"name={','.join(names)}", f"cluster={cluster}", *_exactly(place))
    return Command((*SACCTMGR, "modify", "user", *where, "set", *settings), names)


def modify_users(names: tuple[str, ...], settings: tuple[str, ...], cluster: str = "") -> Command:
    """Rights of users; with a cluster, their default account there."""
    where = ("where", f"name={','.join(names)}", *((f"cluster={cluster}",) if cluster else ()))
    return Command((*SACCTMGR, "modify", "user", *where, "set", *settings), names)


def coordinators(verb: str, account: str, names: tuple[str, ...]) -> Command:
    """Coordinators of an account that come (`add`) or go (`delete`)."""
    return Command((*SACCTMGR, verb, "coordinator", f"account={account}", f"names={','.join(names)}"), names)


def delete_associations(cluster: str, names: tuple[str, ...], place: Key) -> Command:
    """Users leave an account."""
    where = ("where", f"name={','.join(names)}", f"cluster={cluster}", *_exactly(place))
    return Command((*SACCTMGR, "delete", "user", *where), names, True)


def delete_users(cluster: str, names: tuple[str, ...]) -> Command:
    """Users leave the cluster; those that are in no other one leave Slurm."""
    return Command((*SACCTMGR, "delete", "user", "where", f"name={','.join(names)}", f"cluster={cluster}"), names, True)


def delete_accounts(cluster: str, names: tuple[str, ...]) -> Command:
    """Accounts leave the cluster, with all that is below them."""
    words = ("delete", "account", "where", f"name={','.join(names)}", f"cluster={cluster}")
    return Command((*SACCTMGR, *words), names, True)


def delete_qos(names: tuple[str, ...]) -> Command:
    """QOS leave Slurm."""
    return Command((*SACCTMGR, "delete", "qos", "where", f"name={','.join(names)}"), names, True)


def grouped(listed: Iterable[tuple[Kind, str]]) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    """Names of the same kind together, at most MOST_NAMES at a time, in the order in which kinds come up."""
    found: dict[Kind, list[str]] = {}
    for kind, name in listed:
        found.setdefault(kind, []).append(name)
    for kind, names in found.items():
        for start in range(0, len(names), MOST_NAMES):
            yield kind, tuple(names[start : start + MOST_NAMES])


def count_removals(commands: Iterable[Command]) -> int:
    """How many things end with these commands."""
    return sum(len(command.names) for command in commands if command.removes)


def by_name(known: Sequence[Setting], *left_out: str) -> Sequence[Setting]:
    """The settings without some."""
    return [setting for setting in known if setting.name not in left_out]


def _exactly(place: Key) -> tuple[str, str]:
    return f"account={place.account}", f"partition={place.partition}"
