"""Puts a backup together in a private folder: what came from the cluster, and what describes it on this machine."""

from __future__ import annotations

import base64
import binascii
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from provisioner.accounts.load import accounts_beside
from provisioner.backup.archive import digest_of
from provisioner.backup.manifest import DUMP, STATE, Member, is_member
from provisioner.errors import ProvisionError

FILES = "files.json"
_FOLDERS = ("group_vars", "host_vars")
_MOST = 4 * 2**20


def members(folder: Path, plan_file: Path) -> tuple[list[Member], list[str]]:
    """The files of the backup, each in the folder under its name, and which ones of the site are left out.

    Raises:
        ProvisionError: what came from the controller is no list of files.
    """
    found = [_member(folder, name) for name in (STATE, DUMP) if (folder / name).exists()]
    found += _of_the_cluster(folder)
    left_out = []
    for name, source in _of_the_site(plan_file):
        if not is_member(name) or source.stat().st_size > _MOST:
            left_out.append(str(source))
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, target)
        found.append(_member(folder, name))
    return found, left_out


def _of_the_cluster(folder: Path) -> list[Member]:
    found = []
    try:
        files: Any = json.loads((folder / FILES).read_bytes())
        for path, each in files.items():
            name = f"cluster{path}"
            if not is_member(name):
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.write_bytes(base64.b64decode(each["content"], validate=True))
            found.append(_member(folder, name, each))
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        raise ProvisionError("what came from the controller is no list of its files", "look at that blade") from None
    (folder / FILES).unlink()
    return found


def _member(folder: Path, name: str, has: Mapping[str, Any] | None = None) -> Member:
    file = folder / name
    kept = {key: has[key] for key in ("owner", "group", "mode")} if has else {}
    return Member(name=name, size=file.stat().st_size, sha256=digest_of(file), **kept)


def _of_the_site(plan_file: Path) -> Iterator[tuple[str, Path]]:
    place = plan_file.resolve().parent
    yield "site/plan.yml", plan_file.resolve()
    plan = yaml.safe_load(plan_file.read_text())
    for name in (plan.get("include") or []) if isinstance(plan, Mapping) else []:
        if (place / str(name)).is_file():
            yield f"site/{name}", place / str(name)
    if accounts := accounts_beside(plan_file):
        yield "site/accounts.yml", Path(accounts)
    for folder in _FOLDERS:
        for where, _, names in sorted(os.walk(place / folder)):
            for name in sorted(names):
                file = Path(where) / name
                if file.is_file() and not file.is_symlink():
                    yield f"site/{file.relative_to(place)}", file
