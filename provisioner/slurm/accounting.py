"""Accounting: what slurmdbd is given, and which cluster belongs to which database. Pure.

From 24.11 on a cluster has an id besides its name. Without a database slurmctld draws one and keeps it beside the jobs;
a database draws its own for a cluster that it does not know, and slurmctld refuses to start with another one than it
keeps. So an id that came from nowhere is taken away before the first start with a database, and any other difference is
a question for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.slurm.config import Settings, merge_settings
from provisioner.slurm.tokens import SETTINGS as TOKEN_SETTINGS

ANSWERS = "answers"
"""The first line of what a database says of its clusters; one that is away says nothing at all."""

_STORAGE = re.compile(r"^AccountingStorageHost=(\S+)$", re.MULTILINE)
_STATE = "/var/lib/slurm/slurmctld/clustername"


def slurmdbd_settings(host: str, site: Mapping[str, Any], ipv6: bool = False, tokens: bool = False) -> Settings:
    """slurmdbd.conf as data: the keys of the site over ours, see `merge_settings`.

    Without StoragePass: MariaDB knows the account slurm by the socket that it comes through.

    Args:
        host: name of the node.
        site: keys of slurmdbd.conf.
        ipv6: whether slurmctld comes over IPv6, which Slurm takes only when told.
        tokens: whether users may show tokens.
    """
    return merge_settings(
        {
            **({"CommunicationParameters": "EnableIPv6"} if ipv6 else {}),
            "AuthType": "auth/munge",
            **(TOKEN_SETTINGS if tokens else {}),
            "DbdHost": host,
            "DbdPort": 6819,
            "SlurmUser": "slurm",
            "LogFile": "/var/log/slurmdbd/slurmdbd.log",
            "PidFile": "/run/slurmdbd/slurmdbd.pid",
            "DebugLevel": "info",
            "StorageType": "accounting_storage/mysql",
            "StorageHost": "localhost",
            "StorageUser": "slurm",
            "StorageLoc": "slurm_acct_db",
        },
        site,
    )


def accounting_address(wanted: Mapping[str, str], applied: str, answers: bool) -> str:
    """Where slurm.conf says that slurmdbd is; '' for a cluster without accounting.

    A cluster goes over to a database that answers: with one that does not, slurmctld would not start the first time.
    Later it may be away.

    Args:
        wanted: `{"host", "address"}` of the plan; {} for no accounting.
        applied: the slurm.conf that slurmctld took last.
        answers: whether slurmdbd answers there now.
    """
    if not wanted:
        return ""
    return wanted["address"] if answers else applied_address(applied)


def applied_address(applied: str) -> str:
    """Where the slurm.conf that slurmctld took last says that slurmdbd is; '' for nowhere."""
    found = _STORAGE.search(applied)
    return found[1] if found else ""


def identity_problem(cluster: str, state: str, database: str, accounted: bool) -> str:
    """Why slurmctld would not start with this database, both ids named; '' when it would.

    Args:
        cluster: the name in the plan.
        state: what slurmctld keeps beside its jobs, `NAME|ID`; from releases before 24.11 only a name.
        database: ANSWERS, and a line `NAME|ID` for each cluster that it knows; '' when nobody could ask it.
        accounted: whether slurmctld has worked with this database before.
    """
    name, own = _parts(state)
    if name and name != cluster:
        return (
            f"the jobs on the controller are those of cluster {their_words(name)}, and the plan says {cluster}; "
            f"next: write the old name into the plan, or start anew with an empty /var/lib/slurm/slurmctld"
        )
    known = dict(map(_parts, database.splitlines()[1:]))
    if not own or not database.startswith(ANSWERS) or known.get(cluster) == own:
        return ""
    if cluster in known and not known[cluster]:
        return ""
    reset = f"setpriv --reuid=slurm --regid=slurm --clear-groups sh -c 'printf %s {cluster} > {_STATE}'"
    if cluster in known:
        return (
            f"the jobs on the controller are those of cluster {cluster} with id {their_words(own)}, and the database "
            f"has {cluster} with id {their_words(known[cluster])}, so slurmctld would not start (CLUSTER ID MISMATCH); "
            f"next: restore the one that belongs to the other, or join them with `{reset}` on the controller"
        )
    if accounted:
        return (
            f"the jobs on the controller are those of cluster {cluster} with id {their_words(own)}, and the database "
            f"knows no cluster {cluster} and would give it another id: it is a new one or not the right one; "
            f"next: restore its last dump (/var/backups/slurm), or begin a new history with `{reset}` on the controller"
        )
    return ""


def drawn_id(cluster: str, state: str, database: str, accounted: bool) -> str:
    """The id that slurmctld drew by itself and that has to go before its first start with a database; '' for none."""
    name, own = _parts(state)
    known = dict(map(_parts, database.splitlines()[1:]))
    return own if name == cluster and own and not accounted and cluster not in known else ""


def accounting_note(wanted: Mapping[str, str], address: str) -> list[str]:
    """What a person should know of a cluster that shall have accounting and has it not, or elsewhere."""
    if not wanted or address == wanted["address"]:
        return []
    now = f"the cluster stays with slurmdbd at {address}" if address else "the cluster goes on without accounting"
    return [
        f"slurmdbd on {wanted['host']} does not answer at port 6819, so {now}; next: look at `journalctl -u slurmdbd "
        f"-u mariadb` on {wanted['host']}, and run over it"
    ]


def _parts(line: str) -> tuple[str, str]:
    name, _, number = line.strip().partition("|")
    return name, number
