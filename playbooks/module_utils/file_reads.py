"""What is at a path now, read so that no account can make root read something else, wait or run out of memory."""

from __future__ import annotations

import grp
import hashlib
import hmac
import os
import pwd
import stat

from ansible.module_utils.file_paths import FILE, Refused, kind, owner, reach, words

# Far above the largest file of ours, the registry of 10,000 nodes (6 MB).
MOST_BYTES = 32 * 2**20
# munge itself takes keys of up to 1024 bytes.
MOST_SECRET_BYTES = 64 * 2**10


def state(path):
    """What is at the path now: kind, content (bytes of a file, target of a link), mode, owner, group.

    Raises:
        Refused: the way there is not root's to go, or the file is larger than MOST_BYTES.
    """
    try:
        with reach(path) as place:
            return found_at(place)
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "absent"}


def found_at(place):
    """The state of a place."""
    status = place.status()
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "link", "content": os.readlink(place.name, dir_fd=place.folder)}
    if stat.S_ISREG(status.st_mode) and not shared(place, status):
        content, status = read(place)
        return {"kind": "file", "content": content, **attributes(status)}
    return {"kind": kind(status), **attributes(status)}


def attributes(status):
    """Mode, owner and group in words."""
    return {
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "owner": name(pwd.getpwuid, status.st_uid),
        "group": name(grp.getgrgid, status.st_gid),
    }


def read(place, most=MOST_BYTES):
    """The content and the status of a regular file.

    Raises:
        Refused: it is none, it is too large, or it is a second name of a file in a folder that is not root's.
    """
    if not stat.S_ISREG(place.status().st_mode):
        raise Refused(words(place.path, place.status()))
    descriptor = place.open(os.O_RDONLY | FILE)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or shared(place, status):
            raise Refused(words(place.path, status))
        content = stream.read(most + 1)
    if len(content) > most:
        raise Refused(
            f"{place.path} of {owner(status.st_uid)} has more than {most} bytes; "
            "next: look at it on the blade, take it away, and run again"
        )
    return content, status


def shared(place, status):
    """Whether a file may be another account's way to a file that is not its own (a hard link)."""
    return status.st_nlink > 1 and not place.roots


def name(look_up, number):
    """The name of a uid or gid, or the number itself."""
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def written(paths):
    """When what is at a path was last put there or changed (epoch), 0 where there is nothing.

    A daemon that has run for longer still holds what was there before: a run was killed in between.
    """
    times = {}
    for key, path in paths.items():
        try:
            with reach(path) as place:
                times[key] = place.status().st_ctime
        except (OSError, Refused):
            times[key] = 0.0
    return times


def readable_state(path):
    """The state of a path with its content as text; what is refused is of the kind `refused` and says why."""
    try:
        found = state(path)
    except (OSError, Refused) as error:
        return {"kind": "refused", "why": str(error)}
    if found["kind"] == "file":
        found["content"] = found["content"].decode(errors="replace")
    return found


def secret_digests(paths, salt):
    """`digest:owner:group:mode` per secret; '' for one that is missing or not root's to read."""
    found = {}
    for key, path in paths.items():
        try:
            with reach(path) as place:
                content, status = read(place, MOST_SECRET_BYTES)
            digest = hmac.new(salt.encode(), content, hashlib.sha256).hexdigest()
            has = attributes(status)
            found[key] = f"{digest}:{has['owner']}:{has['group']}:{has['mode']}"
        except (OSError, Refused):
            found[key] = ""
    return found
