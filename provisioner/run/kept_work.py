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
    """Templates and conditions that stand in files of the project are compiled once."""
    from ansible._internal._datatag._tags import Origin
    from ansible._internal._templating import _jinja_bits as bits
    from jinja2.environment import TemplateExpression

    environment: Any = bits.AnsibleEnvironment
    template, expression = environment.compile, environment.compile_expression
    options, context = bits._TEMPLATE_OVERRIDE_FIELD_NAMES, bits._TemplateCompileContext
    folders = tuple(f"{project / name}{os.sep}" for name in ("playbooks", "roles"))
    # What was compiled of a tree: Jinja makes one of a condition, and keeps its code to itself.
    of_trees: list[Any] = []

    def is_ours(source: Any) -> bool:
        origin = Origin.get_tag(source) if isinstance(source, str) else None
        path = origin.path or "" if origin is not None else ""
        # Beside a playbook of a checkout a site may have variables of its own.
        return path.startswith(folders) and "/group_vars/" not in path and "/host_vars/" not in path

    def key(self: Any, kind: str, source: str) -> bytes:
        """The text, with all else that its code depends on."""
        here = context.current(optional=True)
        settings = [getattr(self, option) for option in options]
        whole = (kind, here is not None and here.escape_backslashes, settings, str(source))
        return repr(whole).encode("utf-8", "surrogatepass")

    def compile_template(self: Any, source: Any, *rest: Any, **more: Any) -> Any:
        if is_ours(source) and not rest and not more:
            return kept(key(self, "template", source), lambda: template(self, source))
        code = template(self, source, *rest, **more)
        of_trees[:] = [code]
        return code

    def compile_expression(self: Any, source: Any, undefined_to_none: bool = True) -> Any:
        if not is_ours(source):
            return expression(self, source, undefined_to_none)

        def made() -> Any:
            expression(self, source, undefined_to_none)
            return of_trees.pop()

        code = kept(key(self, "expression", source), made)
        whole = self.template_class.from_code(self, code, self.make_globals(None), None)
        return TemplateExpression(whole, undefined_to_none)

    environment.compile, environment.compile_expression = compile_template, compile_expression


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
