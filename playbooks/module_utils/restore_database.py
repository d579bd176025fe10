"""Loads a dump of the accounting database beside the one that lives, and puts it into its place by one statement.

The tables of before go to a database of their own; nothing is dropped. MariaDB renames all tables or none.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import time

from ansible.module_utils.backup_database import clusters
from ansible.module_utils.backup_stage import versions
from ansible.module_utils.restore_place import STAGE
from ansible.module_utils.restore_place import finish as remove_stage
from ansible.module_utils.restore_units import start, stop
from ansible.module_utils.slurm_commands import run

LIVING, RESTORING = "slurm_acct_db", "slurm_acct_db_restoring"
DATA = "/var/lib/mysql/slurm_acct_db"
# With it the client of MariaDB runs no program of this machine, whatever a dump says.
_SANDBOX = b"/*M!999999\\- enable the sandbox mode */ \n"
LOAD_SECONDS = 7200


def look(archive):
    """What the node has of a database.

    Returns:
        `there`: whether it has tables; None where it is installed and does not answer. `placed`: whether these came
        from this backup, in a call that did not come to its end.
    """
    room = os.statvfs("/var/lib")
    found = {"free": room.f_bavail * room.f_frsize, **versions()}
    if shutil.which("mariadbd", path="/usr/sbin:/usr/bin") is None:
        there = os.path.isdir(DATA)
        return {"there": None if there else False, "placed": False, "clusters": "", **found}
    tables = _tables(LIVING)
    if tables is None:
        return {"there": None if os.path.isdir(DATA) else False, "placed": False, "clusters": "", **found}
    placed = f"done_{archive[:32]}" in (_tables(RESTORING) or [])
    return {"there": bool(tables), "placed": placed, "clusters": clusters() if tables else "", **found}


def load(archive):
    """Loads the dump that was brought, and puts it in place; lines that say what was done.

    Raises:
        RuntimeError: it could not be; the database is as it was, and slurmdbd runs again where it ran.
    """
    _sql(f"DROP DATABASE IF EXISTS {RESTORING}; CREATE DATABASE {RESTORING}")
    with subprocess.Popen(
        ["mariadb", "--connect-timeout=10", RESTORING], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as client:
        assert client.stdin is not None
        assert client.stderr is not None
        try:
            client.stdin.write(_SANDBOX)
            with gzip.open(f"{STAGE}/dump", "rb") as dump:
                shutil.copyfileobj(dump, client.stdin, 2**20)
            client.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            client.kill()
            raise
        said = client.stderr.read().decode(errors="replace").strip()
    if client.returncode != 0:
        raise RuntimeError(f"the database does not take the dump: {said[-500:]}; next: take another backup")
    # Nobody writes meanwhile.
    ran = stop("slurmdbd")
    try:
        return _swap(archive)
    except BaseException:
        if ran:
            start("slurmdbd")
        raise


def finish():
    """Removes what says that a database came from a backup."""
    if _tables(RESTORING) is not None:
        _sql(f"DROP DATABASE IF EXISTS {RESTORING}")
    remove_stage()


def _swap(archive):
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = f"{LIVING}_set_aside_{stamp}"
    old, new = _tables(LIVING) or [], _tables(RESTORING) or []
    _sql(f"CREATE TABLE {RESTORING}.todo_{archive[:32]} (nothing INT)")
    moves = [f"{RESTORING}.`{name}` TO {LIVING}.`{name}`" for name in new]
    moves.append(f"{RESTORING}.todo_{archive[:32]} TO {RESTORING}.done_{archive[:32]}")
    if old:
        _sql(f"CREATE DATABASE {aside}")
        moves = [f"{LIVING}.`{name}` TO {aside}.`{name}`" for name in old] + moves
    _sql(f"CREATE DATABASE IF NOT EXISTS {LIVING}")
    _sql(f"RENAME TABLE {', '.join(moves)}")
    told = [f"database {LIVING}: set aside as {aside}"] if old else []
    return [*told, f"database {LIVING}: from the backup"]


def _tables(database):
    """Its tables; None where nobody answers."""
    asked = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{database}'"
    code, out, _ = run("mariadb", "--connect-timeout=10", "-BNe", asked)
    return out.split() if code == 0 else None


def _sql(statement):
    code, _, err = run("mariadb", "--connect-timeout=10", "--execute", statement, limit=LOAD_SECONDS)
    if code != 0:
        raise RuntimeError(f"the database refuses: {err.strip()[-500:]}; next: look at `journalctl -u mariadb` there")
