"""Puts a backup together in a private folder: what came from the cluster, and what describes it on this machine."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from provisioner.accounts.load import accounts_beside
from provisioner.backup.archive import digest_of
from provisioner.backup.manifest import ACCOUNT, DUMP, STATE, Member, is_member
from provisioner.console_text import their_words
from provisioner.errors import ProvisionError

FILES = "files.json"
_FOLDERS = ("group_vars", "host_vars")
_MOST = 4 * 2**20
_NAME = "its name is none that a backup takes"


@dataclass
class Collected:
    """What was put together.

    Args:
        members: the files of the backup, each in the folder under its name.
        left_out: files of the controller and of the site that are not in it, each with the reason.
        notes: what is in it otherwise than it stands there.
    """

    members: list[Member] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave(self, path: object, why: str) -> None:
        """Notes a file that is not in the backup."""
        self.left_out.append(f"{their_words(path, 300)}: {their_words(why, 100)}")


def collect(folder: Path, plan_file: Path) -> Collected:
    """The files of the backup, and which ones are left out.

    Raises:
        ProvisionError: what came from the controller is no list of files.
        OSError: a file cannot be read, or the folder not be written to.
    """
    found = Collected([_member(folder, name) for name in (STATE, DUMP) if (folder / name).exists()])
    _of_the_cluster(folder, found)
    for name, source in _of_the_site(plan_file):
        # The plan itself and its accounts may be links: they are where a person named them.
        if source.is_symlink() and name.startswith(tuple(f"site/{each}/" for each in _FOLDERS)):
            found.leave(source, "a link")
        elif not is_member(name):
            found.leave(source, _NAME)
        elif source.stat().st_size > _MOST:
            found.leave(source, f"larger than {_MOST // 2**20} MiB")
        else:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(source, target)
            found.members.append(_member(folder, name))
    return found


def _of_the_cluster(folder: Path, found: Collected) -> None:
    try:
        files: Any = json.loads((folder / FILES).read_bytes())
        for path, each in files.items():
            name = f"cluster{path}"
            if "left_out" in each or not is_member(name):
                found.leave(f"{path} on the controller", str(each.get("left_out", _NAME)))
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.write_bytes(base64.b64decode(each["content"], validate=True))
            standing, words = _standing(each)
            found.members.append(_member(folder, name, standing))
            if words:
                found.notes.append(f"{path} on the controller is in it {words}")
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        raise ProvisionError("what came from the controller is no list of its files", "look at that blade") from None
    (folder / FILES).unlink()


def _standing(has: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """Owner, group and mode that a restore can give it, and what differs; what has no name there becomes root's."""
    if not re.fullmatch(r"[0-7]{4}", has["mode"]):
        raise ValueError(has["mode"])
    mode, words = int(has["mode"], 8), []
    named = {key: has[key] if re.fullmatch(ACCOUNT, has[key]) else "root" for key in ("owner", "group")}
    words += [f"as root's, since its {key} has no name there" for key in named if named[key] != has[key]]
    kept = mode & (0o777 if named["group"] == has["group"] else 0o707)
    if kept != mode:
        words.append(f"with mode {kept:04o} instead of {mode:04o}")
    return {**named, "mode": f"{kept:04o}"}, " and ".join(words)


def _member(folder: Path, name: str, standing: Mapping[str, str] | None = None) -> Member:
    file = folder / name
    return Member(name=name, size=file.stat().st_size, sha256=digest_of(file), **(standing or {}))


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
        for where, folders, names in sorted(os.walk(place / folder)):
            for name in sorted([*names, *folders]):
                file = Path(where) / name
                if file.is_symlink() or file.is_file():
                    yield f"site/{file.relative_to(place)}", file
