"""Accounting: what the database and slurmdbd are given, and which cluster belongs to which database. Pure.

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

ANSWERS = "answers"
"""The first line of what a database says of its clusters; one that is away says nothing at all."""

_MIB_STEP = 128
# slurmdbd complains of less than half of SchedMD's 4 GiB.
_GOOD_MIB = 4096
_STORAGE = re.compile(r"^AccountingStorageHost=(\S+)$", re.MULTILINE)
_STATE = "/var/lib/slurm/slurmctld/clustername"


def buffer_pool_mib(memory_mib: int) -> int:
    """How much of the RAM the database may keep its pages in: 30 % up to 4 GiB, and 10 % where that is more."""
    share = max(min(memory_mib * 3 // 10, _GOOD_MIB), memory_mib // 10)
    return max(share // _MIB_STEP * _MIB_STEP, _MIB_STEP)


def database_settings(memory_mib: int, site: Mapping[str, Any]) -> Settings:
    """The settings of MariaDB as SchedMD asks for them, those of the site over them; null drops one.

    Args:
        memory_mib: RAM of the node.
        site: keys as MariaDB spells them, with `_`.
    """
    pool = buffer_pool_mib(memory_mib)
    ours = {
        "innodb_buffer_pool_size": f"{pool}M",
        "innodb_log_file_size": f"{pool // 4}M",
        "innodb_lock_wait_timeout": 900,
        "max_allowed_packet": "64M",
    }
    its = {key.lower(): value for key, value in site.items()}
    merged = {key: value for key, value in {**ours, **its}.items() if value is not None}
    return {key: int(value) if isinstance(value, bool) else value for key, value in merged.items()}


def slurmdbd_settings(host: str, site: Mapping[str, Any]) -> Settings:
    """slurmdbd.conf as data: the keys of the site over ours, see `merge_settings`.

    Without StoragePass: MariaDB knows the account slurm by the socket that it comes through.
    """
    return merge_settings(
        {
            "AuthType": "auth/munge",
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
