"""A directory of this machine that every blade of a lab has: the stand-in for a site's NFS."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from provisioner.console_text import one_line
from provisioner.errors import UsageError

DEFAULT_PATH = "/shared"
# Folders that a blade needs as Debian made them; the login of the lab lives in /home.
DEBIANS_OWN = frozenset((
    "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys", "tmp",
    "usr", "var",
))  # fmt: skip


@dataclass(frozen=True)
class Shared:
    """The directory, and where the blades have it."""

    directory: str
    path: str

    @property
    def volume(self) -> str:
        """As podman's --volume takes it."""
        return f"{self.directory}:{self.path}"

    @property
    def text(self) -> str:
        """For a person."""
        return one_line(f"{self.directory} at {self.path}")


def parse_shared(text: str) -> Shared:
    """`DIR` or `DIR:PATH`; the directory counts from where the command is run, links in it are followed.

    Raises:
        UsageError: the directory cannot be shared, or the path is none that a blade can spare.
    """
    given, colon, path = text.partition(":")
    if not given or (colon and not path) or ":" in path:
        raise UsageError(
            f"--shared is DIR or DIR:PATH, and a directory of a lab has no colon in its name: {one_line(text)!r}",
            f"such as: provision lab up --shared /srv/lab:{DEFAULT_PATH}",
        )
    shared = Shared(_directory(given), _path_in_blades(path or DEFAULT_PATH))
    if shared.directory == "/":
        raise UsageError("the whole of this machine is no directory to share", "make one: mkdir -p /srv/lab")
    require_directory(shared)
    return shared


def _directory(given: str) -> str:
    """The directory itself, by its absolute name."""
    # A link can lead to a name that was not typed.
    found = os.path.realpath(given) if given.isprintable() else given
    if ":" in found or not found.isprintable():
        raise UsageError(
            f"podman takes no directory of this name: {one_line(found)!r}",
            "share one whose name has no colon and no control characters",
        )
    return found


def _path_in_blades(path: str) -> str:
    parts = PurePosixPath(path).parts
    if parts[0] != "/" or ".." in parts or not path.isprintable():
        raise UsageError(
            f"a blade has the shared directory at an absolute path, not at {one_line(path)!r}",
            f"such as: --shared DIR:{DEFAULT_PATH}",
        )
    if len(parts) < 2 or parts[1] in DEBIANS_OWN:
        raise UsageError(
            f"a blade needs its own {'/' if len(parts) < 2 else f'/{parts[1]}'}: nothing is shared there",
            f"take another path, such as: --shared DIR:{DEFAULT_PATH}",
        )
    return str(PurePosixPath("/", *parts[1:]))


def require_directory(shared: Shared | None) -> None:
    """Stops before podman does, in its own words.

    Raises:
        UsageError: the directory is not there (any more), or is a file.
    """
    if shared and (trouble := _trouble(Path(shared.directory))):
        raise UsageError(
            f"the shared directory {one_line(shared.directory)} {trouble}",
            f"make it, empty or as it was: mkdir -p {one_line(shared.directory)}",
        )


def _trouble(directory: Path) -> str:
    try:
        return "" if stat.S_ISDIR(directory.stat().st_mode) else "is not a directory"
    except FileNotFoundError:
        return "does not exist"
    except OSError as error:
        return f"cannot be used: {error.strerror}"


def require_outside(shared: Shared | None, folder: Path) -> None:
    """Raises a UsageError where `lab down` would delete the shared directory together with the lab's own files."""
    if shared and Path(shared.directory).is_relative_to(folder):
        raise UsageError(
            f"the shared directory {one_line(shared.directory)} lies in the lab's own folder, which lab down removes",
            "share a directory somewhere else",
        )
