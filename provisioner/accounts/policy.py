"""Who may use a cluster and how much of it, as values: the one form of what is declared and of what Slurm has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.accounts.limits import Settings

ROOT = "root"
"""Slurm's own account and user; nothing here touches them."""
NORMAL = "normal"
"""Slurm's own QOS, which every association has unless something else is said; nothing here touches it."""


@dataclass(frozen=True, order=True)
class Key:
    """Which association: of an account itself (`user` is ''), or of a user in it, there perhaps in one partition."""

    account: str
    user: str = ""
    partition: str = ""


@dataclass(frozen=True)
class Association:
    """One association with what is not Slurm's default; `parent` is '' for one of a user."""

    parent: str = ""
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class User:
    """A user as Slurm has it; `admin` is none, operator or administrator."""

    admin: str = "none"
    default_account: str = ""


@dataclass(frozen=True)
class Policy:
    """Everything that is kept, by name. Nothing in it is root's, and no QOS is `normal`.

    `coordinators` holds the users of each account whose coordinators somebody keeps.
    """

    qos: Mapping[str, Settings] = field(default_factory=dict)
    associations: Mapping[Key, Association] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    coordinators: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def parent(self, account: str) -> str:
        """The parent of an account, '' for one that is not here."""
        found = self.associations.get(Key(account))
        return found.parent if found else ""

    def line(self, account: str) -> list[str]:
        """The account and those above it, up to but without root; ends where a circle would begin."""
        found: list[str] = []
        while account and account != ROOT and account not in found:
            found.append(account)
            account = self.parent(account)
        return found
