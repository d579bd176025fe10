"""Unix users and groups of people: what a node has, what speaks against a change, and the commands that make it."""

from __future__ import annotations

import grp
import pwd

PASSWD, GROUP, SHADOW = "/etc/passwd", "/etc/group", "/etc/shadow"
# Since 1970: an account that expired on the first day lets nobody in, whatever key or password they have.
EXPIRED = "1"


def rows(path):
    """The lines of one of these files as lists of fields, by the first of them."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        found = [line.rstrip("\n").split(":") for line in stream if ":" in line]
    return {row[0]: row for row in found}


class Node:
    """The accounts that are local to this node."""

    def __init__(self, passwd=PASSWD, group=GROUP, shadow=SHADOW):
        self.passwd, self.group, self.shadow = rows(passwd), rows(group), rows(shadow)
        self.by_uid = {int(row[2]): name for name, row in self.passwd.items() if row[2].isdigit()}
        self.by_gid = {int(row[2]): name for name, row in self.group.items() if row[2].isdigit()}

    def members(self, name):
        """The accounts that a group lists."""
        row = self.group.get(name)
        return set(filter(None, row[3].split(","))) if row else set()

    def owner_of(self, uid):
        """Who has the number, also where accounts come from elsewhere; '' for nobody."""
        try:
            return self.by_uid.get(uid) or pwd.getpwuid(uid).pw_name
        except KeyError:
            return ""

    def group_of(self, gid):
        """The group with the number, also from elsewhere; '' for none."""
        try:
            return self.by_gid.get(gid) or grp.getgrgid(gid).gr_name
        except KeyError:
            return ""


def problems(node, groups, users):
    """Numbers and names that are others' here. Nothing is changed while there is one: files would change hands."""
    found = []
    for group in groups:
        name, gid = group["name"], group["gid"]
        owner = node.group_of(gid)
        if owner not in ("", name):
            found.append(f"gid {gid} is that of group {owner} here, and the file gives it to {name}")
        if name in node.group and node.group[name][2] != str(gid):
            found.append(f"group {name} has gid {node.group[name][2]} here, and the file says {gid}")
    for user in users:
        name, uid = user["name"], user["uid"]
        owner = node.owner_of(uid)
        if owner not in ("", name):
            found.append(f"uid {uid} is that of {owner} here, and the file gives it to {name}")
        if name in node.passwd and node.passwd[name][2] != str(uid):
            found.append(f"{name} has uid {node.passwd[name][2]} here, and the file says {uid}")
    return found


def group_work(node, groups):
    """`(line, command)` of each group that is missing."""
    for group in groups:
        if group["name"] not in node.group:
            line = f"group {group['name']}: absent -> gid {group['gid']}"
            yield line, ["groupadd", "--gid", str(group["gid"]), group["name"]]


def user_work(node, user):
    """`(line, command)` of what a user lacks or has otherwise."""
    name = user["name"]
    row = node.passwd.get(name)
    if row is None:
        command = ["useradd", "--uid", str(user["uid"]), "--gid", str(user["gid"]), "--comment", user["comment"]]
        command += ["--shell", user["shell"], "--home-dir", user["home"], "--no-create-home", "--no-user-group"]
        command += ["--no-log-init", *(["--expiredate", EXPIRED] if user["locked"] else []), name]
        yield f"user {name}: absent -> uid {user['uid']}{', locked' if user['locked'] else ''}", command
        return
    for what, place, option in (
        ("group", 3, "gid"),
        ("name", 4, "comment"),
        ("home", 5, "home"),
        ("shell", 6, "shell"),
    ):
        wanted = str(user[option])
        if row[place] != wanted:
            line = f"user {name}: {what} {row[place] or 'none'} -> {wanted or 'none'}"
            yield line, ["usermod", f"--{option}", wanted, name]
    shadow = node.shadow.get(name)
    locked = bool(shadow) and len(shadow) > 7 and shadow[7] == EXPIRED
    if locked != user["locked"]:
        line = f"user {name}: locked -> may log in" if locked else f"user {name}: may log in -> locked"
        yield line, ["usermod", "--expiredate", EXPIRED if user["locked"] else "", name]


def membership_work(node, groups, users):
    """`(line, command)` for members of the declared groups; those of other groups are left alone, and so are others."""
    known = {user["name"]: set(user["groups"]) for user in users}
    for group in groups:
        name = group["name"]
        there = node.members(name)
        wanted = {user for user, its in known.items() if name in its}
        for user in sorted(wanted - there):
            yield f"user {user}: in group {name}", ["gpasswd", "--add", user, name]
        for user in sorted((there & set(known)) - wanted):
            yield f"user {user}: out of group {name}", ["gpasswd", "--delete", user, name]
