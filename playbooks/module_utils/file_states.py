"""What is at a path and what should be: shared by blade_facts, file_set and the filter files_right."""

from __future__ import annotations

import grp
import hashlib
import hmac
import os
import pwd
import stat

MODE, OWNER, GROUP = "0644", "root", "root"
OPTIONS = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str"},
    "content_b64": {"type": "str", "no_log": True},
    "link": {"type": "str"},
    "folder": {"type": "bool", "default": False},
    "mode": {"type": "str", "default": MODE},
    "owner": {"type": "str", "default": OWNER},
    "group": {"type": "str", "default": GROUP},
    "backup": {"type": "bool", "default": False},
    "validate": {"type": "str"},
}


def state(path):
    """What is at the path now: kind, content (bytes of a file, target of a link), mode, owner, group."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "absent"}
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "link", "content": os.readlink(path)}
    found = {
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "owner": name(pwd.getpwuid, status.st_uid),
        "group": name(grp.getgrgid, status.st_gid),
    }
    if stat.S_ISDIR(status.st_mode):
        return {"kind": "folder", **found}
    with open(path, "rb") as stream:
        return {"kind": "file", "content": stream.read(), **found}


def name(look_up, number):
    """The name of a uid or gid, or the number itself."""
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def wanted_state(entry, content):
    """What should be at the path of an entry, in the words of `state`.

    `entry` may lack options that have a default; `content` is that of a file in the caller's own form,
    bytes on the blade and text where facts are compared.
    """
    if entry.get("link") is not None:
        return {"kind": "link", "content": entry["link"]}
    found = {
        "mode": f"{int(str(entry.get('mode', MODE)), 8):04o}",
        "owner": entry.get("owner", OWNER),
        "group": entry.get("group", GROUP),
    }
    if entry.get("folder"):
        return {"kind": "folder", **found}
    return {"kind": "file", "content": content, **found}


def written(paths):
    """When what is at a path was last put there or changed (epoch), 0 where there is nothing.

    A daemon that has run for longer still holds what was there before: a run was killed in between.
    """
    times = {}
    for name, path in paths.items():
        try:
            times[name] = os.lstat(path).st_ctime
        except OSError:
            times[name] = 0.0
    return times


def readable_state(path):
    """The state of a path with its content as text."""
    found = state(path)
    if found["kind"] == "file":
        found["content"] = found["content"].decode(errors="replace")
    return found


def secret_digests(paths, salt):
    """`digest:owner:mode` per secret; '' for a missing one."""
    found = {}
    for name, path in paths.items():
        try:
            status = os.stat(path)
            with open(path, "rb") as stream:
                digest = hmac.new(salt.encode(), stream.read(), hashlib.sha256).hexdigest()
            found[name] = f"{digest}:{pwd.getpwuid(status.st_uid).pw_name}:{status.st_mode & 0o7777:o}"
        except (OSError, KeyError):
            found[name] = ""
    return found
