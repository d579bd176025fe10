"""A picture of the accounting database, taken while slurmctld is stopped, and written down after it goes on."""

from __future__ import annotations

import os

from ansible.module_utils.backup_stage import (
    COPY_SECONDS,
    DUMP,
    DUMP_SECONDS,
    DUMP_UNIT,
    LOOK,
    STAGE,
    describe,
    fresh,
    start,
    versions,
    wait,
    works,
)
from ansible.module_utils.slurm_commands import run

# Once its buffer is full for the first time, or at its end, mariadb-dump has its picture of the database.
_DUMP = r"""
set -euo pipefail
umask 077
cd "$1"
mariadb-dump --single-transaction slurm_acct_db \
  | { head --bytes=4096 > head; touch begun; cat head -; } | gzip > dump.part
sync dump.part
mv dump.part accounting.sql.gz
"""
_TABLES = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'slurm_acct_db'"
_CLUSTERS = "SELECT CONCAT(name, '|', {}) FROM slurm_acct_db.cluster_table WHERE deleted = 0"


def dump():
    """Starts the dump of the database, and returns once it has its picture; whether there is anything to dump."""
    if not os.path.exists(f"{STAGE}/copied"):
        fresh()
    if not tables():
        return {"dumps": False, "clusters": "", **versions()}
    start(DUMP_UNIT, _DUMP, [STAGE], [], shell="bash")
    wait(DUMP_UNIT, lambda: os.path.exists(f"{STAGE}/begun"), COPY_SECONDS, "the database could not be dumped")
    return {"dumps": True, "clusters": clusters(), **versions()}


def tables():
    """How many tables the database has; 0 where there is none yet.

    Raises:
        RuntimeError: it does not answer.
    """
    code, out, err = run("mariadb", "--connect-timeout=10", "-BNe", _TABLES)
    if code != 0:
        raise RuntimeError(f"the database does not answer: {err.strip()}; next: look at `journalctl -u mariadb` there")
    return int(out.strip() or 0)


def dumped():
    """Waits until the dump is whole, and describes it."""
    if not os.path.exists(f"{STAGE}/begun"):
        return {"files": []}
    wait(DUMP_UNIT, lambda: not works(DUMP_UNIT), DUMP_SECONDS, "the dump of the database did not end")
    if not os.path.exists(f"{STAGE}/{DUMP}"):
        raise RuntimeError(f"the database could not be dumped; next: {LOOK[DUMP_UNIT]}")
    return {"files": [describe(DUMP)]}


def clusters():
    """`NAME|ID` of the clusters that the database has, one a line; the id is empty before 24.11."""
    for column in ("id", "''"):
        code, out, _ = run("mariadb", "--connect-timeout=10", "-BNe", _CLUSTERS.format(column))
        if code == 0:
            return out.strip()[:4000]
    return ""
