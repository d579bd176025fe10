"""What a backup takes from a node, of one moment: slurmctld has saved everything and is stopped while it is copied.

The copy is made by a unit of its own. However the run ends, and whatever becomes of its connection, systemd starts
slurmctld again when that unit ends. Everything lies in a folder that only root enters.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import time

from ansible.module_utils.backup_small import refuse_unreadable, small_files
from ansible.module_utils.slurm_commands import run

STAGE = "/var/lib/provision/backup"
STATE = "/var/lib/slurm/slurmctld"
FILES, STATE_COPY, DUMP = "files.json", "state.tar.gz", "accounting.sql.gz"
UNIT, DUMP_UNIT = "provision-backup", "provision-backup-dump"
PIECE = 6 * 2**20
"""Bytes of one answer; those of base64 stay below what a run takes from a node."""
LOOK = {
    UNIT: "look at `journalctl -u provision-backup -u slurmctld` there",
    DUMP_UNIT: "look at `journalctl -u provision-backup-dump` there",
}
COPY_SECONDS, GO_SECONDS, START_SECONDS, DUMP_SECONDS = 150, 30, 240, 3600
_POLL_SECONDS = 0.1
_COPY = r"""
set -eu
umask 077
[ "$1" = no ] || touch "$2/stopping"
[ "$1" = no ] || systemctl stop slurmctld
[ "$(systemctl show --property=Result --value slurmctld)" = success ] || [ "$1" = no ]
setpriv --reuid=slurm --regid=slurm --clear-groups \
  tar --create --numeric-owner --sort=name --directory=/var/lib/slurm/slurmctld . > "$2/state.tar"
touch "$2/copied"
[ "$1" != no ] || exit 0
n=0
while [ ! -e "$2/go" ] && [ "$n" -lt "$3" ]; do sleep 0.1; n=$((n + 1)); done
"""


def begin(has_dump):
    """Stops slurmctld where it runs, copies its state and the small files, and leaves it stopped until `end`.

    Returns:
        Whether it ran, and what is known of the cluster.

    Raises:
        RuntimeError: it could not be copied; slurmctld runs again, or is about to.
    """
    fresh()
    active = _show("slurmctld.service", "ActiveState")
    if active not in ("active", "inactive", "failed"):
        raise RuntimeError(f"slurmctld is {active}; next: look at `systemctl status slurmctld` there, then run again")
    if not os.path.isdir(STATE):
        raise RuntimeError(f"there is no {STATE}; next: run `provision slurm` first")
    refuse_unreadable()
    _refuse_without_room()
    ran = active == "active"
    after = ["--property=ExecStopPost=/usr/bin/systemctl start slurmctld.service"] if ran else []
    waits = str(GO_SECONDS * 10 if has_dump else 0)
    start(UNIT, _COPY, ["yes" if ran else "no", STAGE, waits], after)
    wait(UNIT, lambda: os.path.exists(f"{STAGE}/copied"), COPY_SECONDS, "slurmctld could not be stopped and copied")
    if ran and has_dump:
        write("waits", b"")
    write(FILES, json.dumps(small_files()).encode())
    return {"ran": ran, "cluster": _cluster(), **versions()}


def end():
    """Lets slurmctld go on, and returns once it answers; seconds for which it was away.

    Raises:
        RuntimeError: it does not answer, or it went on before it was to.
    """
    if not os.path.exists(f"{STAGE}/state.tar"):
        raise RuntimeError("the copy of slurmctld's state is gone; next: run again")
    # Once its script has ended, slurmctld goes on, whether or not the picture was taken by then.
    late = os.path.exists(f"{STAGE}/waits") and _show(f"{UNIT}.service", "ActiveState") != "active"
    write("go", b"")
    away = 0.0
    if os.path.exists(f"{STAGE}/stopping"):
        wait(UNIT, lambda: not works(UNIT), START_SECONDS, "slurmctld was not started again")
        deadline = time.monotonic() + START_SECONDS
        while "is UP" not in run("scontrol", "ping")[1]:
            if time.monotonic() > deadline:
                words = "next: look at `journalctl -u slurmctld` there"
                raise RuntimeError(f"slurmctld was started again and does not answer; {words}")
            time.sleep(_POLL_SECONDS)
        away = time.time() - os.stat(f"{STAGE}/stopping").st_ctime
    if late:
        raise RuntimeError("slurmctld went on before the picture of the database was taken; next: run again")
    with (
        open(f"{STAGE}/state.tar", "rb") as plain,
        open(f"{STAGE}/{STATE_COPY}", "xb") as packed,
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, filename="", mtime=0) as stream,
    ):
        shutil.copyfileobj(plain, stream, 2**20)
    size = os.stat(f"{STAGE}/state.tar").st_size
    os.remove(f"{STAGE}/state.tar")
    return {"away": round(away, 1), "unpacked": size, "files": [describe(FILES), describe(STATE_COPY)]}


def fresh():
    """An empty folder that only root enters; what a backup that died left is gone, and slurmctld runs again."""
    clean()
    os.makedirs(os.path.dirname(STAGE), mode=0o700, exist_ok=True)
    os.mkdir(STAGE, 0o700)


def clean():
    """Ends what works for a backup, which starts slurmctld again, and removes what lies there."""
    for unit in (UNIT, DUMP_UNIT):
        run("systemctl", "stop", f"{unit}.service", limit=START_SECONDS)
        run("systemctl", "reset-failed", f"{unit}.service")
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(STAGE)


def _cluster():
    code, out, _ = run("cat", f"{STATE}/clustername", account="slurm")
    return out.strip()[:200] if code == 0 else ""


def versions():
    """The release of the system, and the packages that the files belong to."""
    found = {"slurm": "", "debian": ""}
    for package in ("slurmctld", "slurmdbd"):
        code, out, _ = run("dpkg-query", "--show", "--showformat=${Version}", package)
        if code == 0 and out.strip():
            found["slurm"] = found["slurm"] or out.strip()
    with open("/etc/os-release", encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("VERSION_ID="):
                found["debian"] = line.split("=", 1)[1].strip().strip('"')
    return found


def describe(name):
    """Name, bytes and digest of a file that was prepared."""
    digest, size = hashlib.sha256(), 0
    with open(f"{STAGE}/{name}", "rb") as stream:
        while part := stream.read(2**20):
            digest.update(part)
            size += len(part)
    return {"name": name, "size": size, "sha256": digest.hexdigest()}


def piece(name, offset):
    """A piece of a prepared file."""
    with open(f"{STAGE}/{name}", "rb") as stream:
        stream.seek(offset)
        return stream.read(PIECE)


def write(name, content):
    """Writes a file of the folder, 0600 from its first moment on."""
    descriptor = os.open(f"{STAGE}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _refuse_without_room():
    used = sum(os.lstat(os.path.join(place, name)).st_size for place, _, names in os.walk(STATE) for name in names)
    room = os.statvfs(STAGE)
    free = room.f_bavail * room.f_frsize
    if free < 2 * used + 64 * 2**20:
        words = f"a copy of {STATE} needs {2 * used // 2**20 + 64} MiB in /var/lib/provision, {free // 2**20} are free"
        raise RuntimeError(f"{words}; next: make room there")


def start(unit, script, words, more, shell="sh"):
    command = [
        "systemd-run", f"--unit={unit}", "--description=Backup of the cluster", "--quiet",
        "--property=OOMScoreAdjust=-1000",
        f"--property=RuntimeMaxSec={COPY_SECONDS + GO_SECONDS if unit == UNIT else DUMP_SECONDS}",
        f"--property=TimeoutStopSec={START_SECONDS}", *more, f"/bin/{shell}", "-c", script, unit, *words,
    ]  # fmt: skip
    code, out, err = run(*command)
    if code != 0:
        raise RuntimeError(f"systemd-run: {(err or out).strip()}; next: look at `systemctl status` there")


def wait(unit, is_done, seconds, trouble):
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline or not (works(unit) or is_done()):
            raise RuntimeError(f"{trouble}; next: {LOOK[unit]}")
        time.sleep(_POLL_SECONDS)


def works(unit):
    return _show(f"{unit}.service", "ActiveState") in ("active", "activating", "deactivating")


def _show(unit, key):
    return run("systemctl", "show", f"--property={key}", "--value", unit)[1].strip()
