"""Puts a backup in place on a controller. Whatever lives there is set aside, never removed.

Each part comes by one rename: state, keys, files; the registry is last, without which a run over the blades refuses to
work. A call that is repeated finds what the one before it did.
"""

from __future__ import annotations

import hashlib
import json
import os
import time

from ansible.module_utils.backup_stage import STATE, versions
from ansible.module_utils.file_paths import Refused, reach
from ansible.module_utils.file_reads import read
from ansible.module_utils.restore_owners import standing, unknown
from ansible.module_utils.restore_units import stop, withhold
from ansible.module_utils.restore_writes import fill, remove, write_new
from ansible.module_utils.slurm_commands import run

STAGE = "/var/lib/provision/restore"
JOURNAL = f"{STAGE}/journal.json"
REGISTRY, MUNGE_KEY = "/etc/slurm/nodes.json", "/etc/munge/munge.key"
PLACES = ("/etc/slurm/", "/etc/munge/munge.key", "/var/lib/provision/applied/", "/var/lib/provision/released.json")
FOLDERS = {
    "/etc/munge": ("munge", 0o700),
    "/etc/slurm/jwt": ("root:slurm", 0o750),
    "/var/lib/provision": ("root", 0o700),
}
MOST_FILE = 4 * 2**20


def look(files, archive):
    """What the controller has of the parts of a backup.

    Args:
        files: the small ones, `[{"path", "owner", "group"}]`.
        archive: the id of the backup.
    """
    room = os.statvfs("/var/lib")
    code, out, _ = run("cat", f"{STATE}/clustername", account="slurm")
    try:
        # Only what slurmctld has written makes a state; its package brings the empty folder.
        there = bool(os.listdir(STATE))
    except FileNotFoundError:
        there = False
    return {
        "files": {each["path"]: _digest(each["path"]) for each in files},
        "unknown": unknown(files),
        "state": {"there": there, "identity": out.strip()[:200] if code == 0 else "", "placed": _placed(archive)},
        "free": room.f_bavail * room.f_frsize,
        **versions(),
    }


def fresh():
    """The folder that only root enters; what an earlier call brought is brought again, its journal stays."""
    os.makedirs(STAGE, mode=0o700, exist_ok=True)
    os.chmod(os.path.dirname(STAGE), 0o700)
    os.chmod(STAGE, 0o700)
    for name in os.listdir(STAGE):
        if f"{STAGE}/{name}" != JOURNAL:
            remove(f"{STAGE}/{name}")


def add(name, offset, content):
    """Adds a piece to a file of the folder."""
    descriptor = os.open(f"{STAGE}/{name}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b") as stream:
        stream.truncate(offset)
        stream.seek(offset)
        stream.write(content)


def place(wanted):
    """Puts files and state in place; lines that say what was done.

    Args:
        wanted: `{"archive", "state", "unpacked", "files": [{"path", "sha256", "owner", "group", "mode"}], "ids"}`; the
            ids of accounts that may not be there yet.

    Raises:
        RuntimeError: something that was brought is not what it should be, or slurmctld does not stop; nothing was
            touched.
    """
    ids, told = {"root": 0, **wanted["ids"]}, []
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for each in wanted["files"]:
        _check(each)
    fresh_state = _unpack(wanted, ids) if wanted["state"] else None
    stop("slurmctld")
    withhold("slurmctld")
    if fresh_state:
        told += _swap_state(fresh_state, wanted["archive"], stamp)
    for each in sorted(wanted["files"], key=lambda each: each["path"] == REGISTRY):
        told += _put(each, ids, stamp)
    os.sync()
    return told


def finish():
    """Nothing of a restore that is done stays."""
    remove(STAGE)


def _placed(archive):
    """Whether the state that is there came from this backup, in a call that did not come to its end."""
    try:
        with open(JOURNAL, encoding="utf-8") as stream:
            journal = json.load(stream)
        return journal.get("archive") == archive and journal.get("inode") == os.stat(STATE).st_ino
    except (OSError, ValueError):
        return False


def _digest(path):
    try:
        with reach(path) as here:
            content, _ = read(here, MOST_FILE)
    except FileNotFoundError:
        return ""
    except NotADirectoryError:
        return ""
    except Refused:
        return "other"
    return hashlib.sha256(content).hexdigest()


def _check(each):
    path = each["path"]
    if not path.startswith(PLACES) or os.path.normpath(path) != path:
        raise RuntimeError(f"{path} is no file of a controller; next: take another backup")
    with open(f"{STAGE}/{each['sha256']}", "rb") as stream:
        if hashlib.sha256(stream.read(MOST_FILE + 1)).hexdigest() != each["sha256"]:
            raise RuntimeError(f"{path} came damaged; next: run again")


def _unpack(wanted, ids):
    """The state beside its place, whole and saved."""
    os.makedirs(os.path.dirname(STATE), mode=0o755, exist_ok=True)
    target = f"{STATE}.restoring"
    remove(target)
    os.mkdir(target, 0o700)
    # Its package gives the folder above away to slurm, who could put a link in its place meanwhile.
    handle = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise RuntimeError(f"somebody works on {target} at the same time; next: look who, then run again")
        fill(f"/proc/self/fd/{handle}", f"{STAGE}/state", wanted["unpacked"], ids["slurm"])
        os.fchown(handle, ids["slurm"], ids["slurm"])
    finally:
        os.close(handle)
    return target


def _swap_state(fresh_state, archive, stamp):
    told = []
    inode = os.stat(fresh_state).st_ino
    with open(f"{JOURNAL}.new", "w", encoding="utf-8") as stream:
        json.dump({"archive": archive, "inode": inode}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(f"{JOURNAL}.new", JOURNAL)
    os.sync()
    if os.path.isdir(STATE) and os.listdir(STATE):
        os.rename(STATE, f"{STATE}.set-aside-{stamp}")
        told.append(f"folder {STATE}: set aside as {STATE}.set-aside-{stamp}")
    elif os.path.isdir(STATE):
        os.rmdir(STATE)
    os.rename(fresh_state, STATE)
    return [*told, f"folder {STATE}: from the backup"]


def _put(each, ids, stamp):
    path, told = each["path"], []
    found = _digest(path)
    _folder(path, ids)
    if found == each["sha256"]:
        return []
    if found:
        # A link to elsewhere is set aside as it is.
        os.rename(path, f"{path}.set-aside-{stamp}")
        told.append(f"file {path}: set aside as {path}.set-aside-{stamp}")
    part = f"{path}.restoring"
    remove(part)
    uid, gid, mode, words = standing(each, ids)
    with open(f"{STAGE}/{each['sha256']}", "rb") as source:
        write_new(part, source, mode, (uid, gid))
    os.rename(part, path)
    return [*told, f"file {path}: from the backup{words}"]


def _folder(path, ids):
    folder = os.path.dirname(path)
    if os.path.isdir(folder):
        return
    owner, mode = FOLDERS.get(folder, ("root", 0o755))
    user, _, group = owner.partition(":")
    os.makedirs(folder, mode=0o755)
    os.chown(folder, ids[user], ids[group or user])
    os.chmod(folder, mode)
