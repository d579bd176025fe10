"""The way to a path that no account but root can turn aside.

What stands below a folder of a service account (munge, slurm) is that account's to replace: by a link to /etc/shadow, a
FIFO, a folder of somebody else, at any moment. So the way is walked folder by folder, each held open, and what is done
at its end is done to an open descriptor or to a name in an open folder. Links are followed while every folder of
the way is root's, for an admin may have put /var/lib on another disk; below the first that is not, none is.
"""

from __future__ import annotations

import os
import pwd
import stat

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a FIFO that nobody writes to would be waited for for ever.
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# The kernel gives up after as many links, too (path_resolution(7)).
MOST_LINKS = 40


class Refused(Exception):
    """What root does not do, as a sentence with the next step."""


class Place:
    """The name of a path in its folder, which is held open; `roots` says whether only root can change what is there."""

    def __init__(self, path, folder, name, roots):
        self.path, self.folder, self.name, self.roots = path, folder, name, roots

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Lets the folder go."""
        os.close(self.folder)

    def status(self):
        """What lstat says of the name.

        Raises:
            FileNotFoundError: nothing is there.
        """
        return os.lstat(self.name, dir_fd=self.folder)

    def open(self, flags):
        """A descriptor of the name, never of what a link there leads to."""
        return os.open(self.name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.folder)


def reach(path, make=False):
    """The Place of an absolute path.

    Args:
        make: whether folders that are missing on the way are made (0755).

    Raises:
        FileNotFoundError, NotADirectoryError: there is no way to the path.
        Refused: the way leads over a link that another account could have put there.
    """
    todo, walked, links = _parts(path), "/", 0
    folder = os.open("/", FOLDER)
    try:
        roots = owned_by_root(os.fstat(folder))
        while len(todo) > 1:
            status = _status(todo[0], folder, make)
            if stat.S_ISLNK(status.st_mode):
                links += 1
                if not roots or status.st_uid not in root_ids() or links > MOST_LINKS:
                    raise Refused(words(os.path.join(walked, todo[0]), status))
                target = os.readlink(todo[0], dir_fd=folder)
                todo, walked = _parts(os.path.join(walked, target, *todo[1:])), "/"
                folder = _enter("/", folder)
            else:
                folder = _enter(todo[0], folder)
                walked = os.path.join(walked, todo.pop(0))
            # Whoever can replace one folder of the way can replace all that is below it.
            roots = roots and owned_by_root(os.fstat(folder))
        return Place(path, folder, todo[0], roots and not others_write(os.fstat(folder)))
    except BaseException:
        os.close(folder)
        raise


def _parts(path):
    """The names of an absolute path."""
    return [part for part in os.path.normpath(path).split("/") if part]


def _enter(name, folder):
    """A folder below another one, which is let go."""
    inner = os.open(name, FOLDER, dir_fd=folder)
    os.close(folder)
    return inner


def _status(part, folder, make):
    """What lstat says of a folder on the way, made if it may be."""
    try:
        return os.lstat(part, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(part, 0o755, dir_fd=folder)
    return os.lstat(part, dir_fd=folder)


def owned_by_root(status):
    """Whether nobody but root can replace what root has in a folder of this status; /tmp is such a one, too."""
    return status.st_uid in root_ids() and (not others_write(status) or bool(status.st_mode & stat.S_ISVTX))


def others_write(status):
    """Whether accounts besides its owner may write to a folder; root's own group does not count."""
    return bool(status.st_mode & stat.S_IWOTH) or (bool(status.st_mode & stat.S_IWGRP) and status.st_gid != 0)


def root_ids():
    """Root, and whoever runs this: tests need not be root."""
    return 0, os.geteuid()


def owner(uid):
    """The name of an account, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def kind(status):
    """What something is, in words."""
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return "file" if status.st_nlink == 1 else "hard link"
    tests = {"link": stat.S_ISLNK, "folder": stat.S_ISDIR, "FIFO": stat.S_ISFIFO, "socket": stat.S_ISSOCK}
    return next((word for word, test in tests.items() if test(mode)), "device")


def words(path, status):
    """Why root leaves a path alone, and what to do."""
    return (
        f"{path} is a {kind(status)} that belongs to {owner(status.st_uid)}, and root does not follow it; "
        f"next: look at it with `ls -ld {path}` on the blade, put back what was there, and run again"
    )
