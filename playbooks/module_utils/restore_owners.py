"""Whose the files of a backup become: an account that this machine does not know never stops a restore half way."""

from __future__ import annotations

import grp
import pwd

# `provision slurm` makes them before any package comes, so they may not be there yet.
OURS = ("root", "slurm", "munge")


def unknown(files):
    """The owners and groups of files that this machine does not know, `{"owners": [...], "groups": [...]}`."""
    owners, groups = {each["owner"] for each in files}, {each["group"] for each in files}
    return {
        "owners": sorted(name for name in owners - set(OURS) if _uid(name, {}) is None),
        "groups": sorted(name for name in groups - set(OURS) if _gid(name, {}) is None),
    }


def standing(each, ids):
    """Uid, gid and mode of a file of the backup, and what a person is told of it ('' for nothing).

    What is of nobody becomes root's, who has every right already; a group that nobody knows has none.
    """
    uid, gid, mode = _uid(each["owner"], ids), _gid(each["group"], ids), int(each["mode"], 8)
    nobody = []
    if uid is None:
        nobody.append(f"account {each['owner']}")
    if gid is None:
        nobody.append(f"group {each['group']}")
        mode &= ~0o070
    words = f"; root's with mode {mode:04o}, since there is no {' and no '.join(nobody)}" if nobody else ""
    return ids["root"] if uid is None else uid, ids["root"] if gid is None else gid, mode, words


def _uid(name, ids):
    try:
        return ids[name] if name in ids else pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _gid(name, ids):
    try:
        return ids[name] if name in ids else grp.getgrnam(name).gr_gid
    except KeyError:
        return None
