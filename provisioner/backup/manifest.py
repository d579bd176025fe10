"""What a backup says of itself, in its first member, so that it can be read before anything else. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from provisioner.console_text import their_words
from provisioner.errors import UsageError

NAME = "manifest.json"
MOST_BYTES = 4 * 2**20
STATE, DUMP = "state.tar.gz", "accounting.sql.gz"
NEXT = "take another backup"
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.@+:-]{0,120}"
_FOLDER = r"(cluster/etc/(slurm|munge)/|cluster/var/lib/provision/applied/|site/)"
_FILE = re.compile(rf"{_FOLDER}({_PART}/){{0,5}}{_PART}|cluster/var/lib/provision/released\.json")
# What is unpacked as root on the controller: nothing beyond what is read there.
_MOST_SMALL = 4 * 2**20
Text = Annotated[str, StringConstraints(pattern=r"^[ -~]{0,200}$")]
# What is shown in sentences of ours, or compared: nothing that could begin a next step, a line or markup.
_WORD = r"^[A-Za-z0-9_.-]{1,64}$"
Word = Annotated[str, StringConstraints(pattern=_WORD)]
Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.+~:-]{0,64}$")]
Moment = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\+00:00$")]
IDENTITY = r"[A-Za-z0-9_.-]{1,64}(\|[0-9]{0,10})?"
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ACCOUNT = r"^[a-z_][a-z0-9_.-]{0,31}$"
Account = Annotated[str, StringConstraints(pattern=ACCOUNT)]
Mode = Annotated[str, StringConstraints(pattern=r"^0[0-7]{3}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Shape):
    """One file of the backup: its bytes and digest, and for a file of the controller how it stands there."""

    name: Annotated[str, StringConstraints(max_length=400)]
    size: Annotated[int, Field(strict=True, ge=0, le=2**42)]
    sha256: Digest
    owner: Account = "root"
    group: Account = "root"
    mode: Mode = "0600"


class Manifest(_Shape):
    """A backup.

    Args:
        moment: when slurmctld was stopped for it, ISO 8601 in UTC.
        identity: what slurmctld kept beside its jobs, `NAME|ID`; from releases before 24.11 only a name.
        database: `NAME|ID` of the clusters that the database had, one a line.
        unpacked: bytes of slurmctld's state.
    """

    format: Literal[1]
    cluster: Word
    controller: Word
    accounting: Annotated[str, StringConstraints(pattern=_WORD.replace("{1,", "{0,"))]
    moment: Moment
    by: Text
    provision: Version
    debian: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,3}$")]
    slurm: Version
    identity: Annotated[str, StringConstraints(pattern=rf"^({IDENTITY})?$")]
    database: Annotated[str, StringConstraints(pattern=rf"^({IDENTITY}(\n|$))*$", max_length=4000)]
    unpacked: Annotated[int, Field(strict=True, ge=0, le=2**42)]
    members: Annotated[list[Member], Field(max_length=5000)]

    def member(self, name: str) -> Member | None:
        """The member of this name."""
        return next((each for each in self.members if each.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return self.model_dump()

    def head(self) -> dict[str, Any]:
        """What a person is told of it, without the list of files."""
        return {**self.model_dump(exclude={"members"}), "files": len(self.members)}


def parse(text: bytes) -> Manifest:
    """Reads a manifest, which anybody may have written.

    Raises:
        UsageError: it is none, or names what no backup has.
    """
    try:
        data = json.loads(text)
        found = Manifest.model_validate(data)
    except (ValueError, ValidationError, RecursionError):
        other = data.get("format") if isinstance(data := _mapping(text), Mapping) else None
        if isinstance(other, int) and other != 1:
            raise UsageError("this backup is of another release of provision", "restore it with that one") from None
        raise UsageError("this is no backup of provision, or it is damaged", NEXT) from None
    names = [each.name for each in found.members]
    if len(set(names)) < len(names):
        raise UsageError("this backup names a file twice", NEXT)
    for each in found.members:
        if each.name in (STATE, DUMP):
            continue
        if not _FILE.fullmatch(each.name) or ".." in each.name:
            raise UsageError(f"this backup has a file that no backup has: {their_words(each.name)!r}", NEXT)
        if each.size > _MOST_SMALL:
            raise UsageError(f"{each.name} in this backup is larger than any such file", NEXT)
    if found.member(STATE) is None:
        raise UsageError("this backup has no state of slurmctld", NEXT)
    return found


def is_member(name: str) -> bool:
    """Whether a file of that name may be in a backup."""
    return bool(_FILE.fullmatch(name)) and ".." not in name


def _mapping(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
