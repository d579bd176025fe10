"""The Unix users and groups of the file, as a node is to have them. Pure."""

from __future__ import annotations

from typing import Any

from provisioner.accounts.model import Accounts, User

LOCAL_HOMES = "/home"
"""Where homes are local to each node and are made; another folder is used as it is."""


def people(accounts: Accounts) -> dict[str, list[dict[str, Any]]]:
    """`{"groups": [...], "users": [...]}` as the module unix_users takes them, without those from elsewhere."""
    names = {group.gid: name for name, group in accounts.groups.items()}
    groups = [{"name": name, "gid": group.gid} for name, group in accounts.groups.items()]
    users = []
    for name, user in accounts.users.items():
        if user.uid is None or not (accounts.unix if user.unix is None else user.unix):
            continue
        gid = user.uid if user.gid is None else user.gid
        # Another user's own group has that user's name.
        group = names.setdefault(gid, name)
        if group == name and name not in accounts.groups:
            groups.append({"name": name, "gid": gid})
        users.append(_user(name, user, gid, accounts))
    return {"groups": groups, "users": users}


def _user(name: str, user: User, gid: int, accounts: Accounts) -> dict[str, Any]:
    home = user.home or f"{accounts.homes.rstrip('/')}/{name}"
    return {
        "name": name,
        "uid": user.uid,
        "gid": gid,
        "groups": sorted({group for group in user.groups if accounts.groups[group].gid != gid}),
        "comment": user.name,
        "shell": user.shell,
        "home": home,
        "make_home": home == f"{LOCAL_HOMES}/{name}",
        "locked": user.locked,
        "keys": "" if user.locked else "".join(f"{key}\n" for key in user.keys),
    }
