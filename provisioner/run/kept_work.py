"""What Ansible makes anew in each process of each run, kept from one run to the next: templates and packed modules.

Ansible compiles a template again for every task of every blade, and looks through the imports of a module to pack it
again in every run: together a quarter of a run that changes nothing. Both come out of texts of this project and of
Ansible alone, so they stay in a private folder, under a digest of those texts. Texts of a site, which may hold secrets,
are never kept. What cannot be kept, or is damaged, is made as ever.

Runs in the process of Ansible, before Ansible itself. The names of Ansible are those of release 2.19; a release that
has others is as slow as it is.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provisioner.on_node.compiled import code_keeper

_UNUSED_DAYS = 30
"""How long work of other releases stays: a person may go back to one."""


def keep_work(home: Path, project: Path) -> None:
    """Lets Ansible find what runs made before, in `home` (0700), out of the texts in `project`; see the module."""
    with contextlib.suppress(OSError, ImportError, AttributeError):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = home / _digest(project)
        kept = code_keeper(str(folder), os.geteuid())
        if kept is None:
            return
        os.utime(folder)
        _drop_unused(home)
        _keep_templates(kept, project)
        _keep_modules(folder)


def _digest(project: Path) -> str:
    import ansible
    import jinja2

    texts = hashlib.sha256(f"{sys.version} {ansible.__version__} {jinja2.__version__} {project}".encode())
    for folder in ("library", "module_utils"):
        for path in sorted((project / "playbooks" / folder).rglob("*.py")):
            texts.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return texts.hexdigest()


def _drop_unused(home: Path) -> None:
    for folder in home.iterdir():
        if folder.stat().st_mtime < time.time() - _UNUSED_DAYS * 86400:
            shutil.rmtree(folder, ignore_errors=True)


def _keep_templates(kept: Any, project: Path) -> None:
    """Templates that stand in files of the project are compiled once."""
    from ansible._internal._datatag._tags import Origin
    from ansible._internal._templating import _jinja_bits as bits

    environment: Any = bits.AnsibleEnvironment
    real, options, context = environment.compile, bits._TEMPLATE_OVERRIDE_FIELD_NAMES, bits._TemplateCompileContext
    ours = tuple(f"{project / name}{os.sep}" for name in ("playbooks", "roles"))

    def compiled(self: Any, source: Any, name: Any = None, filename: Any = None, *rest: Any, **more: Any) -> Any:
        origin = Origin.get_tag(source) if isinstance(source, str) and not (name or filename or rest or more) else None
        if origin is None or not (origin.path or "").startswith(ours):
            return real(self, source, name, filename, *rest, **more)
        here = context.current(optional=True)
        # All that the code depends on besides the text.
        settings = [getattr(self, option) for option in options]
        key = repr((here is not None and here.escape_backslashes, settings, str(source)))
        return kept(key.encode("utf-8", "surrogatepass"), lambda: real(self, source))

    environment.compile = compiled


def _keep_modules(folder: Path) -> None:
    """Modules that were packed before lie where Ansible looks for those that this run packed."""
    from ansible import constants

    place = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
    place.mkdir(mode=0o700)
    there = set()
    for path in folder.glob("*.module"):
        data = path.read_bytes()
        if hashlib.sha256(data[32:]).digest() == data[:32]:
            (place / path.stem).write_bytes(data[32:])
            there.add(path.stem)
    atexit.register(_take_over, place, folder, there, os.getpid())


def _take_over(place: Path, folder: Path, there: set[str], main: int) -> None:
    """Keeps what this run packed; at the end of Ansible's own process, not of its workers'."""
    if os.getpid() != main:
        return
    with contextlib.suppress(OSError):
        for path in _packed(place):
            if path.name not in there:
                data = path.read_bytes()
                part = folder / f"{path.name}.{main}"
                try:
                    part.write_bytes(hashlib.sha256(data).digest() + data)
                    part.replace(folder / f"{path.name}.module")
                finally:
                    part.unlink(missing_ok=True)


def _packed(place: Path) -> Iterator[Path]:
    return (path for path in sorted(place.iterdir()) if path.suffix != ".lock" and not path.name.endswith("-part"))
