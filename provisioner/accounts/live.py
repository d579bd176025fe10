"""What Slurm has, from the answers of sacctmgr, which are anybody's words. Pure.

Columns are read by position: their headers are cut and differ from release to release. Names that this project would
not give are left alone, and so is a row that is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisioner.accounts.limits import ASSOCIATION, QOS, Setting, Settings, Value, from_slurm
from provisioner.accounts.policy import NORMAL, ROOT, Association, Key, Policy, User
from provisioner.console_text import their_words
from provisioner.plan.fields import SLURM_NAME, UNIX_NAME

_USER, _NAME = re.compile(UNIX_NAME), re.compile(SLURM_NAME)
_ADMIN = {"none": "none", "not set": "none", "operator": "operator", "administrator": "administrator"}
_QOS_WORD = re.compile(r"[+-]?[a-z0-9_][a-z0-9_.-]*")
MOST_NAMED = 10


class LiveError(Exception):
    """The answers of sacctmgr cannot be used, since they contradict themselves."""


@dataclass(frozen=True)
class Live:
    """What Slurm has; `strange` names what is left alone since nothing here could name it safely."""

    policy: Policy
    strange: tuple[str, ...] = ()


def reads(cluster: str) -> dict[str, list[str]]:
    """The three questions to sacctmgr, by name: an answer has a row per line and `|` between its columns."""
    shares = ["account", "user", "partition", "parentname", *(setting.column for setting in ASSOCIATION)]
    qos = ["name", *(setting.column for setting in QOS)]
    people = ["user", "admin", "defaultaccount", "coordinators"]
    ask = ["sacctmgr", "--noheader", "--parsable2", "list"]
    return {
        "qos": [*ask, "qos", f"format={','.join(qos)}"],
        # Without the limits of parents each row says what was set in it.
        "associations": [*ask, "association", "wopl", "where", f"cluster={cluster}", f"format={','.join(shares)}"],
        "users": [*ask, "user", "withcoord", "where", f"cluster={cluster}", f"format={','.join(people)}"],
    }


def parse_live(answers: Mapping[str, str]) -> Live:
    """The values in the answers to `reads`.

    Raises:
        LiveError: one thing is in them twice, which only a forged row does.
    """
    strange: list[str] = []
    qos: dict[str, Settings] = {}
    for name, *row in _rows("qos", answers, 1 + len(QOS), strange):
        settings = _settings(QOS, row)
        if not _NAME.fullmatch(name) or settings is None:
            strange.append(f"QOS {their_words(name, 60)}")
        elif name != NORMAL:
            _once(qos, name, f"QOS {name}")
            qos[name] = settings
    associations: dict[Key, Association] = {}
    for account, user, partition, parent, *row in _rows("associations", answers, 4 + len(ASSOCIATION), strange):
        if user == ROOT or (account == ROOT and not user):
            continue
        settings = _settings(ASSOCIATION, row)
        usable = _NAME.fullmatch(account) and (not user or _USER.fullmatch(user)) and settings is not None
        if not usable or settings is None or not all(_NAME.fullmatch(name) for name in (partition, parent) if name):
            strange.append(their_words(f"{'user ' + user + ' in ' if user else ''}account {account}", 100))
            continue
        key = Key(account, user, partition)
        _once(associations, key, f"{user or 'the account itself'} in account {account}")
        associations[key] = Association("" if user else parent, settings)
    users: dict[str, User] = {}
    coordinators: dict[str, set[str]] = {}
    for user, admin, default, managed in _rows("users", answers, 4, strange):
        if user == ROOT:
            continue
        if not _USER.fullmatch(user) or admin.lower() not in _ADMIN:
            strange.append(f"user {their_words(user, 60)}")
            continue
        _once(users, user, f"user {user}")
        users[user] = User(_ADMIN[admin.lower()], default if _NAME.fullmatch(default) else "")
        for account in filter(_NAME.fullmatch, managed.split(",")):
            coordinators.setdefault(account, set()).add(user)
    names = {account: frozenset(found) for account, found in coordinators.items()}
    return Live(Policy(qos, associations, users, names), tuple(dict.fromkeys(strange)))


def _rows(what: str, answers: Mapping[str, str], width: int, strange: list[str]) -> Iterator[list[str]]:
    for line in answers.get(what, "").split("\n"):
        row = line.split("|")
        if len(row) == width:
            yield row
        elif line:
            strange.append(f"a row of {what}: {their_words(line, 60)}")


def _once(found: Mapping[Key, object] | Mapping[str, object], key: Key | str, noun: str) -> None:
    if key in found:
        raise LiveError(f"sacctmgr names {noun} twice; one of them may be forged")


def _settings(known: Sequence[Setting], row: Sequence[str]) -> Settings | None:
    """The settings in a row, None where one of them is nothing that sacctmgr prints."""
    found: dict[str, Value] = {}
    try:
        for setting, text in zip(known, row, strict=True):
            value = from_slurm(setting, text)
            if setting.kind in ("names", "word") and isinstance(value, tuple | str):
                names = [value] if isinstance(value, str) else value
                if not all(isinstance(name, str) and all(map(_QOS_WORD.fullmatch, name.split(","))) for name in names):
                    return None
            if value is not None:
                found[setting.name] = value
    except ValueError:
        return None
    return found
