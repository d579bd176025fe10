"""Goes in front of each module of Ansible on a blade: keeps what Python makes of the module's source texts.

A module comes as an archive with all of Ansible that it uses, and Python compiles that anew for each module of each
run, which is a third of the module's CPU time. What was compiled stays until the next boot, in a folder that only root
can look into, under a digest of the text and of this Python. What cannot be kept, or is damaged, is compiled as ever.
"""

from __future__ import annotations

FOLDER = "/run/provision-compiled"


def keep_compiled(folder: str = FOLDER, user: int = 0) -> None:
    """Lets Python's import of archives ask the folder first."""
    import hashlib
    import marshal
    import os
    import stat
    import sys
    import zipimport

    real = getattr(zipimport, "_compile_source", None)
    if real is None or os.geteuid() != user:
        return
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return
    # Nobody else has put it there: what is in it is run.
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or stat.S_IMODE(found.st_mode) != 0o700:
        return
    python = sys.version.encode()

    def compiled(path: str, source: bytes) -> object:
        place = os.path.join(folder, hashlib.sha256(python + source).hexdigest())
        try:
            with open(place, "rb") as file:
                digest, code = file.read(32), file.read()
            # marshal trusts what it reads.
            if hashlib.sha256(code).digest() == digest:
                return marshal.loads(code)
        except OSError:
            pass
        made = real(path, source)
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

    zipimport.__dict__["_compile_source"] = compiled
