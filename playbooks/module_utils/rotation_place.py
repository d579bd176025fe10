"""What a rotation of munge's key keeps on a node: keys for root only, a journal, and the unit that changes the key."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os

from ansible.module_utils.file_paths import Refused, reach
from ansible.module_utils.file_reads import MOST_SECRET_BYTES, read
from ansible.module_utils.slurm_commands import run

ON_CONTROLLER, ON_NODE = "/var/lib/provision/rotation", "/run/provision-rotation"
UNIT = "provision-rotation"
AT, NEW, BEFORE, OLD, JOURNAL, PROGRAM = "at", "new.key", "before.key", "old.key", "journal.json", "rotation.py"
LOOK = "look at `journalctl -u provision-rotation` there"
# Seconds after which a node that hears of no moment drops what it has.
WAITS = 600
_MOST_NOTE = 64 * 2**10
# Whether there is room for a key in its folder, which is munge's.
_ROOM = """
cd /etc/munge || exit
rm -f munge.key.rotating
umask 277
head -c 1024 /dev/zero > munge.key.rotating && sync munge.key.rotating
code=$?
rm -f munge.key.rotating
exit $code
"""
AS = {
    name: ("setpriv", f"--reuid={name}", f"--regid={group}", "--clear-groups")
    for name, group in (("munge", "munge"), ("nobody", "nogroup"))
}


def drop_staged():
    """Removes the staged keys of the controller; the one of an earlier rotation stays."""
    for name in (NEW, BEFORE, AT, PROGRAM):
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{ON_CONTROLLER}/{name}")


def digest(path, salt):
    """A digest of a key that is worthless after this run; '' where there is none that root reads."""
    try:
        return hmac.new(salt.encode(), secret(path), hashlib.sha256).hexdigest()
    except (OSError, RuntimeError):
        return ""


def secret(path):
    """The content of a key."""
    try:
        with reach(path) as place:
            return read(place, MOST_SECRET_BYTES)[0]
    except Refused as error:
        raise RuntimeError(str(error)) from None


def write(path, content, mode=0o600):
    """Writes a file of a folder that only root enters, whole or not at all."""
    descriptor = os.open(f"{path}.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    os.replace(f"{path}.part", path)


def refuse_without_room():
    """Raises a RuntimeError where munge's folder takes no other key."""
    code, _, words = run(*AS["munge"], "sh", "-c", _ROOM)
    if code != 0:
        words = (words.strip().splitlines() or ["no reason given"])[-1][:200]
        raise RuntimeError(f"/etc/munge takes no other key ({words}); next: make room there")


def start(folder, program, kind, server):
    """Starts the program of this node in a unit of its own."""
    write(f"{folder}/{PROGRAM}", program.encode())
    more = [f"--property=ExecStopPost={'/usr/bin/systemctl start slurmctld.service'}"] if kind == "control" else []
    code, out, err = run(
        "systemd-run", f"--unit={UNIT}", "--description=Change of munge's key", "--quiet",
        "--property=OOMScoreAdjust=-1000", *more,
        "/usr/bin/python3", f"{folder}/{PROGRAM}", folder, kind, server, str(WAITS),
    )  # fmt: skip
    if code != 0:
        raise RuntimeError(f"systemd-run: {(err or out).strip()[:200]}; next: {LOOK}")


def stop():
    """Ends a program that waits for its moment, or goes by a controller that does not answer."""
    if works():
        run("systemctl", "stop", f"{UNIT}.service", limit=60)
    run("systemctl", "reset-failed", f"{UNIT}.service")


def works():
    """Whether the program is there."""
    return state(f"{UNIT}.service") in ("active", "activating", "deactivating")


def state(unit):
    """ActiveState of a unit."""
    return run("systemctl", "show", "--property=ActiveState", "--value", unit)[1].strip()


def journal():
    """How far the rotation is on the controller."""
    try:
        with open(f"{ON_CONTROLLER}/{JOURNAL}", encoding="utf-8") as stream:
            found = json.loads(stream.read(_MOST_NOTE))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note(**more):
    """Writes down how far it is."""
    write(f"{ON_CONTROLLER}/{JOURNAL}", json.dumps({**journal(), **more}).encode())
