"""Puts files, links and folders in place without a moment in which another account could turn root aside.

Nothing is done to a path: a file is made new in its open folder under a name that nobody can foresee, owner and mode
are set on its descriptor, and a rename puts it where it belongs. A rename replaces a link, never what it leads to.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import secrets
import stat
import time

from ansible.module_utils.file_paths import FILE, FOLDER, Refused, reach, root_ids
from ansible.module_utils.file_reads import read

MARK = ".provision-"


class Staged:
    """A new file beside its place, not yet there."""

    def __init__(self, place, entry):
        self.place, self.name, self.entry, self.number = place, new_name(place), entry, 0
        self.path = os.path.join(os.path.dirname(place.path), self.name)

    def drop(self):
        """Takes the staged file away, if it is still there, and lets the folder go."""
        remove(self.place, self.name)
        self.place.close()

    def put(self):
        """Renames it into place; a file that is itself a mount point (containers) is rewritten.

        Raises:
            Refused: somebody else put another thing there at the same time.
        """
        place = self.place
        if self.entry["backup"]:
            keep(place)
        try:
            os.replace(self.name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            rewrite(place, self.name, self.entry)
        else:
            if place.status().st_ino != self.number:
                raise Refused(f"{place.path} was replaced by somebody else while it was written; next: run again")
        finally:
            self.drop()


def stage(entry, content):
    """The content in a new file beside its place.

    Written with 0600 first: a secret is never readable by others, not even for a moment.
    """
    place = reach(entry["path"], make=True)
    clear(place)
    staged = Staged(place, entry)
    try:
        staged.number = write(place, staged.name, content, entry)
    except BaseException:
        staged.drop()
        raise
    return staged


def write(place, name, content, entry=None):
    """A new file in the folder of a place, for its owner only when there is no entry; its inode number."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, 0o600, dir_fd=place.folder)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        if entry is not None:
            own(descriptor, entry)
        os.fsync(descriptor)
        return os.fstat(descriptor).st_ino


def own(descriptor, entry):
    """Owner, group and mode of an open file or folder."""
    os.fchown(descriptor, pwd.getpwnam(entry["owner"]).pw_uid, grp.getgrnam(entry["group"]).gr_gid)
    os.fchmod(descriptor, int(entry["mode"], 8))


def new_name(place):
    """A name in the folder of a place that nobody can foresee."""
    return f".{place.name}{MARK}{secrets.token_hex(16)}"


def clear(place):
    """Takes away what a killed run staged for this place; releases before this one used one fixed name."""
    with os.scandir(place.folder) as entries:
        for name in (entry.name for entry in entries):
            if name.startswith(f".{place.name}{MARK}") or name == f"{place.name}{MARK}new":
                remove(place, name)


def remove(place, name):
    """Takes a file or link out of the folder of a place; one that is gone, or a folder, is left."""
    with contextlib.suppress(FileNotFoundError, IsADirectoryError):
        os.unlink(name, dir_fd=place.folder)


def keep(place):
    """The content of a file beside it, for root only; of a link, a FIFO or the like there is nothing to keep."""
    try:
        content, _ = read(place)
    except (OSError, Refused):
        return
    write(place, "{}.{}-{}".format(place.name, time.strftime("%Y%m%dT%H%M%S"), secrets.token_hex(4)), content)


def rewrite(place, staged, entry):
    """Gives a file that cannot be replaced the content of the staged one."""
    with os.fdopen(os.open(staged, os.O_RDONLY | FILE, dir_fd=place.folder), "rb") as stream:
        content = stream.read()
    descriptor = place.open(os.O_WRONLY | FILE)
    with os.fdopen(descriptor, "wb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(f"{place.path} is a mount point and no file; next: look at it on the blade")
        stream.write(content)
        stream.truncate()
        own(descriptor, entry)


def put_link(path, target):
    """A symbolic link."""
    with reach(path, make=True) as place:
        clear(place)
        name = new_name(place)
        os.symlink(target, name, dir_fd=place.folder)
        try:
            os.replace(name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        except OSError:
            remove(place, name)
            raise


def put_folder(entry):
    """A folder; how many entries of another account were set aside in it."""
    with reach(entry["path"], make=True) as place:
        with contextlib.suppress(FileExistsError):
            os.mkdir(place.name, 0o700, dir_fd=place.folder)
        folder = os.open(place.name, FOLDER, dir_fd=place.folder)
    try:
        aside = take_over(folder, entry) if entry["distrust"] else 0
        own(folder, entry)
        return aside
    finally:
        os.close(folder)


def take_over(folder, entry):
    """Renames what root's programs would follow or read although root did not put it there; how many those are.

    The folder is root's first, so that nothing is added meanwhile, and marked by the sticky bit, so that a run that is
    killed in the middle leaves a folder that is not right yet.
    """
    own(folder, {**entry, "mode": f"{int(entry['mode'], 8) | stat.S_ISVTX:o}"})
    foreign = [name for name in os.listdir(folder) if not harmless(os.lstat(name, dir_fd=folder))]
    for name in foreign:
        rename_aside(folder, name)
    return len(foreign)


def rename_aside(folder, name):
    """Gives an entry of an open folder a name beside its own that nobody can foresee; returns it."""
    # Shortened, since a name may be as long as names can be.
    aside = os.fsencode(name)[:100] + f".set-aside-{secrets.token_hex(8)}".encode()
    os.rename(os.fsencode(name), aside, src_dir_fd=folder, dst_dir_fd=folder)
    return os.fsdecode(aside)


def set_aside(path):
    """Renames what is at a path beside its place; the path that it has now."""
    with reach(path) as place:
        return os.path.join(os.path.dirname(place.path), rename_aside(place.folder, place.name))


def harmless(status):
    """Whether an entry of a folder is root's own, and nothing that leads elsewhere or makes a reader wait."""
    single = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    usual = single or stat.S_ISDIR(status.st_mode) or stat.S_ISSOCK(status.st_mode)
    return usual and status.st_uid in root_ids()
