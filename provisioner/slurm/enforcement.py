"""When Slurm may refuse jobs without an account, and hold users to their limits (AccountingStorageEnforce). Pure.

Enforcement that comes before the accounts makes every waiting job InvalidAccount. So it is switched on only by a run
that found all accounts of the site's file in the database, and an account for each job that runs or waits. Once on it
stays, whatever a later run could not bring about, as long as the site has such a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.console_text import counted, their_words

ENFORCED = "associations,limits,qos,safe"
"""What is enforced: a job needs an account and stays within limits, its QOS has to be one of the user's, and it starts
only if what it may use up suffices to its end."""

_SET = re.compile(r"^AccountingStorageEnforce=\S", re.MULTILINE)
_NAMED = 10
# What squeue prints for a job without an account.
_NONE = {"", "(null)", "N/A"}
_ROOT = "root"


@dataclass(frozen=True)
class Associations:
    """What the database has: `(account, user, partition)`, partition `''` for any, and the default account of users."""

    known: Collection[tuple[str, str, str]]
    defaults: Mapping[str, str]

    def has(self, user: str, account: str, partition: str) -> bool:
        """Whether Slurm finds an account for a job; one that names none is of the user's default."""
        name = self.defaults.get(user, "") if account in _NONE else account
        return any((name, user, where) in self.known for where in ("", partition))


def is_enforced(applied: str) -> bool:
    """Whether the slurm.conf that slurmctld took last enforces anything."""
    return _SET.search(applied) is not None


def stays_enforced(applied: str, declared: bool) -> bool:
    """Whether a run begins with enforcement: it was there, and the site still declares accounts."""
    return declared and is_enforced(applied)


def enforcement_is_due(applied: str, site: Mapping[str, Any]) -> bool:
    """Whether nothing is enforced yet, and the site leaves that to us.

    Args:
        applied: the slurm.conf that slurmctld took last.
        site: its keys of slurm.conf.
    """
    return not is_enforced(applied) and "accountingstorageenforce" not in {str(key).lower() for key in site}


def obstacles(troubles: Sequence[str], jobs: Sequence[Sequence[str]] | None, there: Associations) -> list[str]:
    """Why nothing can be enforced yet, each with its next step; [] once all accounts of the site's file are there.

    Args:
        troubles: what of the file could not be brought about.
        jobs: id, user, account and partition of each job that runs or waits; None when slurmctld did not tell.
        there: what the database has now.
    """
    found = []
    if troubles:
        found.append("not all of the accounts file is in the database; next: mend that, then run again")
    elif jobs is None:
        found.append("slurmctld does not tell whose jobs are there; next: provision status, then run again")
    else:
        found += _strangers(jobs, there)
    return [f"limits of accounts are not enforced yet: {each}" for each in found]


def _strangers(jobs: Sequence[Sequence[str]], there: Associations) -> list[str]:
    """A sentence about jobs that would become InvalidAccount."""
    found: dict[str, list[str]] = {}
    for number, user, account, partition in (row for row in jobs if len(row) == 4):
        # A job may wait for several partitions.
        known = all(there.has(user, account, each) for each in partition.split(","))
        if user != _ROOT and not known:
            found.setdefault(user, []).append(number)
    if not found:
        return []
    shown = ", ".join(
        f"{their_words(user, 40)} ({their_words(', '.join(numbers[:_NAMED]), 100)})"
        for user, numbers in sorted(found.items())[:_NAMED]
    )
    more = f" and {counted(len(found) - _NAMED, 'more user')}" if len(found) > _NAMED else ""
    words = f"jobs of users without an account would never start: {shown}{more}"
    return [f"{words}; next: declare these users, or wait for their jobs, then run again"]
