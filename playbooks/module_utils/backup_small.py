"""The small files of a controller that a backup takes: keys, registry, configuration, what slurmctld took last."""

from __future__ import annotations

import base64
import os
import stat

from ansible.module_utils.file_paths import Refused, reach
from ansible.module_utils.file_reads import attributes, read

MUNGE_KEY = "/etc/munge/munge.key"
REGISTRY = "/etc/slurm/nodes.json"
SINGLE = (MUNGE_KEY, "/var/lib/provision/released.json")
FOLDERS = ("/etc/slurm", "/var/lib/provision/applied")
MOST_FILE, MOST_FILES = 4 * 2**20, 2000


def small_files():
    """Each path with `content` (base64), `owner`, `group` and `mode`, or with `left_out`, the reason.

    Raises:
        RuntimeError: a file without which there is no cluster would be left out, or there are too many.
    """
    refuse_unreadable()
    found = {path: _file(path) for path in _paths()}
    return {path: each for path, each in found.items() if each}


def refuse_unreadable():
    """Raises a RuntimeError where a backup would lack munge's key or the registry although they are there."""
    for path in (MUNGE_KEY, REGISTRY):
        why = (_file(path) or {}).get("left_out")
        if why:
            words = f"{path} is {why}, and a backup without it is none"
            raise RuntimeError(f"{words}; next: put a plain file in its place, then run again")


def _paths():
    found = list(SINGLE)
    for folder in FOLDERS:
        for place, folders, names in os.walk(folder):
            links = [name for name in folders if os.path.islink(os.path.join(place, name))]
            found += [os.path.join(place, name) for name in [*names, *links]]
    if len(found) > MOST_FILES:
        raise RuntimeError(f"{FOLDERS[0]} has more than {MOST_FILES} files; next: move what is not Slurm's elsewhere")
    return sorted(found)


def _file(path):
    if os.path.basename(path).startswith("."):
        return {"left_out": "hidden"}
    try:
        with reach(path) as place:
            content, status = read(place, MOST_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except Refused:
        return {"left_out": _why(path)}
    return {"content": base64.b64encode(content).decode(), **attributes(status)}


def _why(path):
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return "a link"
    if stat.S_ISREG(status.st_mode) and status.st_size > MOST_FILE:
        return f"larger than {MOST_FILE // 2**20} MiB"
    return "no plain file that only its owner can change"
