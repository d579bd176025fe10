"""Keeps what Python makes of a text from one run to the next, in a folder that only one account can look into.

Goes in front of each module of Ansible on a blade, so it is whole by itself: a module comes as an archive with all of
Ansible that it uses, and Python compiles that anew for each module of each run, which is a third of the module's CPU
time. On a blade it stays until the next boot. Every piece has a digest before it; what cannot be kept, or is damaged,
is made as ever.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

FOLDER = "/run/provision-compiled"


def code_keeper(folder: str, user: int) -> Callable[[bytes, Callable[[], CodeType]], CodeType] | None:
    """A function `kept(text, make)`: the code object that was made of a text of bytes before, else what `make()` gives.

    None where the process is not of this account, or the folder cannot be made or is not its own: what is in it is run.
    """
    import hashlib
    import marshal
    import os
    import stat
    import sys

    if os.geteuid() != user:
        return None
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return None
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or stat.S_IMODE(found.st_mode) != 0o700:
        return None
    python = sys.version.encode()

    def kept(text: bytes, make: Callable[[], CodeType]) -> CodeType:
        place = os.path.join(folder, hashlib.sha256(python + text).hexdigest())
        try:
            with open(place, "rb") as file:
                digest, code = file.read(32), file.read()
            # marshal trusts what it reads.
            if hashlib.sha256(code).digest() == digest:
                found_before: CodeType = marshal.loads(code)
                return found_before
        except OSError:
            pass
        made = make()
        code = marshal.dumps(made)
        part = f"{place}.{os.getpid()}"
        try:
            with open(part, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(part, place)
        except OSError:
            # A full disk keeps nothing.
            if os.path.exists(part):
                os.unlink(part)
        return made

    return kept


def keep_compiled(folder: str = FOLDER, user: int = 0) -> None:
    """Lets Python's import of archives ask the folder first."""
    import zipimport

    real = getattr(zipimport, "_compile_source", None)
    kept = code_keeper(folder, user) if real else None
    if real is not None and callable(kept):
        zipimport.__dict__["_compile_source"] = lambda path, source: kept(source, lambda: real(path, source))
