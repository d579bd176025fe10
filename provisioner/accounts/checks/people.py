"""Unix users and groups: names that are taken, ids that two have, groups that nobody declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Keys, Problem, did_you_mean, printable

# Accounts that Debian and Slurm's packages make, as far as anybody would think of their names.
SYSTEM_NAMES = frozenset({
    "root", "slurm", "munge", "nobody", "nogroup", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news",
    "uucp", "proxy", "www-data", "backup", "list", "irc", "_apt", "sshd", "messagebus", "systemd-network", "mysql",
    "_chrony", "statd", "adm", "tty", "disk", "sudo", "shadow", "utmp", "video", "staff", "users", "wheel", "docker",
})  # fmt: skip
SYSTEM_IDS = {64030: "slurm", 64032: "munge"}


def check_people(draft: Draft) -> Iterator[Problem]:
    """Reserved names, users without uid, ids that two have, unknown groups, one home for two."""
    for section, noun in (("users", "user"), ("groups", "group")):
        for name in draft.data.get(section) or {}:
            if name in SYSTEM_NAMES:
                wrong = f"{noun} {printable(name)} is the system's"
                yield draft.at_key((section, name), wrong, "choose another name; it is never touched")
    yield from _uids(draft)
    yield from _gids(draft)
    yield from _groups(draft)
    yield from _keys(draft)
    yield from _homes(draft)


def _here(draft: Draft, name: str) -> dict[str, Any] | None:
    """A user whose account on the nodes is made here, None for one that comes from elsewhere."""
    user = draft.mappings("users")[name]
    own = user.get("unix")
    return user if (draft.data.get("unix", True) if own is None else own) else None


def _people(draft: Draft) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in draft.mappings("users"):
        if (user := _here(draft, name)) is not None:
            yield name, user


def _uids(draft: Draft) -> Iterator[Problem]:
    seen: dict[int, str] = {}
    for name in draft.data.get("users") or {}:
        # `ada:` with nothing behind it has no uid either, and pydantic says so of the mapping.
        if not isinstance(draft.data["users"][name], dict):
            continue
        user = _here(draft, name)
        if user is None:
            continue
        place = ("users", name, "uid")
        uid = user.get("uid")
        if uid is None:
            if not draft.knows(*place):
                wrong = f"user {printable(name)} has no uid"
                yield draft.at_key(("users", name), wrong, "add `uid:`, the same on every node, or `unix: false`")
        elif uid in SYSTEM_IDS:
            yield _of_the_system(draft, place, uid)
        elif uid in seen:
            first = draft.where_value(("users", seen[uid], "uid"), place)
            wrong = f"uid {uid} of user {printable(name)} is that of {printable(seen[uid])} ({first})"
            yield draft.at_value(place, wrong, "give each a number of its own")
        if uid is not None:
            seen.setdefault(uid, name)


def _of_the_system(draft: Draft, place: Keys, number: int) -> Problem:
    return draft.at_value(place, f"{number} is the id of {SYSTEM_IDS[number]}", "choose another number")


def _gids(draft: Draft) -> Iterator[Problem]:
    """A group's number is its own; a user may name the number of a group, or have one that no other has."""
    owners: dict[int, str] = {}
    for name, group in draft.mappings("groups").items():
        gid, place = group.get("gid"), ("groups", name, "gid")
        if gid is None:
            continue
        if gid in SYSTEM_IDS:
            yield _of_the_system(draft, place, gid)
        elif gid in owners:
            wrong = f"gid {gid} of group {printable(name)} is that of {printable(owners[gid])}"
            yield draft.at_value(place, wrong, "give each a number of its own")
        owners.setdefault(gid, name)
    for name, user in _people(draft):
        written = "gid" if user.get("gid") is not None else "uid"
        gid, place = user.get(written), ("users", name, written)
        if gid is None:
            continue
        if written == "gid" and gid in SYSTEM_IDS:
            yield _of_the_system(draft, place, gid)
        elif owners.get(gid) in draft.mappings("groups") and written == "uid":
            # The group of the user's own would get this number.
            wrong = f"the group of user {printable(name)} would have gid {gid}, which {printable(owners[gid])} has"
            yield draft.at_value(place, wrong, "name the primary group with `gid:`, or choose another number")
        elif gid not in owners and name in draft.mappings("groups"):
            own = draft.mappings("groups")[name].get("gid")
            wrong = f"group {printable(name)} has gid {own}, user {printable(name)} would have gid {gid} of that name"
            yield draft.at_value(place, wrong, f"write `gid: {own}`")
        owners.setdefault(gid, name)


def _groups(draft: Draft) -> Iterator[Problem]:
    known = draft.data.get("groups") or {}
    for name, user in _people(draft):
        for i, group in enumerate(user.get("groups") or []):
            if isinstance(group, str) and group not in known and not draft.knows("groups", group):
                wrong = f"user {printable(name)} is in an unknown group {printable(group)}"
                right = did_you_mean(group, known, "declare it under `groups:` with a gid")
                yield draft.at_value(("users", name, "groups", i), wrong, right)


def _keys(draft: Draft) -> Iterator[Problem]:
    """One key for two persons: nobody could say who logged in."""
    seen: dict[str, str] = {}
    for name, user in _people(draft):
        for i, key in enumerate(user.get("keys") or []):
            body = " ".join(key.split()[:2]) if isinstance(key, str) else ""
            if body and seen.get(body, name) != name:
                wrong = f"user {printable(name)} has a key of {printable(seen[body])}"
                yield draft.at_value(("users", name, "keys", i), wrong, "give each person a key of their own")
            seen.setdefault(body, name)


def _homes(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    base = str(draft.data.get("homes") or "/home").rstrip("/")
    for name, user in _people(draft):
        home = str(user.get("home") or f"{base}/{name}")
        place = ("users", name, "home")
        if draft.knows(*place) and ".." in home.split("/"):
            yield draft.at_value(place, f"home of user {printable(name)} has a `..`", "write the path without it")
        elif home in seen:
            wrong = f"home of user {printable(name)} is that of {printable(seen[home])}"
            yield draft.at_value(place, wrong, "give each a folder of their own")
        seen.setdefault(home, name)
