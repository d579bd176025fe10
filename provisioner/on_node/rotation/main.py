"""Changes munge's key on this node at a moment that all nodes of the cluster share, and ends by itself.

A rotation starts it on each node beforehand (systemd-run), so that nobody has to reach the node in that moment. The
controller is the first: it stops slurmctld, and starts it again once all have changed. Whoever sends slurmctld a
message meanwhile tries again until it is back. A node changes its key only once slurmctld is away, and afterwards goes
by the controller: if slurmctld refuses what this node's key made, the node takes the other key. So however a rotation
ends, all nodes have the key of their controller.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from typing import Any

AT, NEW, BEFORE, OLD, JOURNAL = "at", "new.key", "before.key", "old.key", "journal.json"
# Seconds. What was sent just before slurmctld stopped arrives everywhere; then all others change, too.
SETTLE, OTHERS = 1.0, 1.5
# What keeps jobs from beginning, how long one that has just begun gets to begin its first step, and how long at most.
# slurmctld-hold makes one of this name at each stop of slurmctld, unless it is there.
HOLD, BEGINS, MOST_BEGINS = "provision-hold", 2.0, 5.0
# How long a node waits for slurmctld to go, and goes by the controller afterwards.
GOES, FOLLOWS = 20.0, 3600.0
STOPS, STARTS, COMMAND = 150.0, 240.0, 60.0
LATE = 5.0
POLL, LONGEST_PAUSE = 0.1, 30.0
# Without root in the folder of munge, whose account could put a link in its place.
_PUT = """
set -e
umask 277
cd /etc/munge
rm -f munge.key.rotating
cat > munge.key.rotating
sync munge.key.rotating
mv -fT munge.key.rotating munge.key
"""
_AS_MUNGE = ("setpriv", "--reuid=munge", "--regid=munge", "--clear-groups", "sh", "-c", _PUT)


def run(*command: str, content: bytes = b"", limit: float = COMMAND) -> tuple[int, str]:
    """Exit code and words of a command that reads this content; 124 when it took too long."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(command, input=content, capture_output=True, env=environment, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return 124, ""
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def take(key: str) -> str:
    """Lets this node's munge work with another key; why not, '' once it does."""
    with open(key, "rb") as stream:
        content = stream.read()
    code, words = run(*_AS_MUNGE, content=content)
    if code != 0:
        return f"munge's key could not be put in place: {words[:200]}"
    code, words = run("systemctl", "restart", "munge.service")
    if code != 0 or run("sh", "-c", "munge -n | unmunge")[0] != 0:
        return "munge does not work with its new key"
    return ""


def note(folder: str, **more: Any) -> None:
    """Writes down how far this node is; whoever reads it finds the one or the other."""
    known: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError), open(f"{folder}/{JOURNAL}", encoding="utf-8") as stream:
        known = json.load(stream)
    with open(f"{folder}/{JOURNAL}.new", "w", encoding="utf-8") as stream:
        json.dump({**known, **more}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(f"{folder}/{JOURNAL}.new", f"{folder}/{JOURNAL}")


def moment(folder: str, seconds: float) -> float | None:
    """When the change begins (epoch), None when nobody says so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError), open(f"{folder}/{AT}", encoding="utf-8") as stream:
            at = float(stream.read())
            time.sleep(max(0.0, min(at - time.time(), deadline - time.monotonic())))
            return at
        time.sleep(POLL)
    return None


def control(folder: str, at: float) -> None:
    """The controller's part: the only time in which no job starts."""
    if time.time() - at > LATE:
        # The other nodes have given up waiting for it.
        drop(folder, NEW, BEFORE, AT)
        note(folder, stage="nothing", why="the controller was too busy to begin in time")
        return
    os.replace(f"{folder}/{BEFORE}", f"{folder}/{OLD}")
    note(folder, stage="switching")
    begun = time.monotonic()
    hold()
    run("systemctl", "stop", "slurmctld.service", limit=STOPS)
    why = "" if state("slurmctld.service") in ("inactive", "failed") else "slurmctld did not stop"
    if not why:
        time.sleep(SETTLE)
        why = take(f"{folder}/{NEW}")
        if why:
            take(f"{folder}/{OLD}")
        time.sleep(OTHERS)
    run("systemctl", "start", "--no-block", "slurmctld.service")
    deadline = time.monotonic() + STARTS
    while "is UP" not in run("scontrol", "ping")[1]:
        if time.monotonic() > deadline:
            why = why or "slurmctld was started again and does not answer"
            break
        time.sleep(POLL)
    run("scontrol", "delete", f"reservation={HOLD}")
    away = round(time.monotonic() - begun, 1)
    note(folder, stage="taken back" if why else "switched", away=away, why=why, proved=False)
    drop(folder, NEW, AT)


def hold() -> None:
    """Lets no job begin, and those that have just begun come to work.

    While slurmctld stops it hears of no job whose prolog ends, nor of a step that is to begin: such a job would hang or
    fail. The reservation ends by itself, should nobody be left to end it.
    """
    words = (f"reservationname={HOLD}", "starttime=now", "duration=1", "nodes=ALL", "users=root")
    if run("scontrol", "create", "reservation", *words, "flags=maint,ignore_jobs", limit=MOST_BEGINS)[0] != 0:
        return
    least = time.monotonic() + BEGINS
    most = time.monotonic() + MOST_BEGINS
    while (now := time.monotonic()) < most:
        begins = "Prolog" in run("squeue", "--noheader", "--states=CF,R", "--format=%r", limit=MOST_BEGINS)[1]
        if now >= least and not begins:
            return
        time.sleep(5 * POLL)


def follow(folder: str, server: str) -> None:
    """A node's part: it changes once slurmctld is away, and then goes by the controller."""
    here, other = f"{folder}/{BEFORE}", f"{folder}/{NEW}"
    deadline = time.monotonic() + GOES
    while (gone := reached(server)) != "refused" and time.monotonic() < deadline:
        time.sleep(POLL)
    if gone == "refused":
        time.sleep(SETTLE)
        if not take(other):
            here, other = other, here
    deadline, pause = time.monotonic() + FOLLOWS, 0.5
    while time.monotonic() < deadline:
        answer = controller_says()
        if answer == "welcome" or (answer == "nobody to ask" and reached(server) == "answers"):
            break
        time.sleep(random.uniform(pause, 3 * pause))
        if answer == "stranger":
            # Each key is tried for longer than before: what is wrong may be something else.
            pause = min(2 * pause, LONGEST_PAUSE)
            if not take(other):
                here, other = other, here


def reached(server: str) -> str:
    """`answers` when somebody listens there, `refused` when nobody does, else `silent`."""
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), 1).close()
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silent"
    return "answers"


def controller_says() -> str:
    """Whether slurmctld takes what this node's key made: `welcome`, `stranger`, `nothing` or `nobody to ask`."""
    if not shutil.which("sinfo"):
        return "nobody to ask"
    code, words = run("sinfo", "--noheader", "--format=%R")
    if code == 0:
        return "welcome"
    # Slurm 24.11 speaks of authentication, 22.05 of an unspecified error.
    return "nothing" if "ontact" in words or code == 124 else "stranger"


def state(unit: str) -> str:
    """ActiveState of a unit."""
    return run("systemctl", "show", "--property=ActiveState", "--value", unit)[1].strip()


def drop(folder: str, *names: str) -> None:
    """Removes what nobody needs any more."""
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{folder}/{name}")


def main(folder: str, kind: str, server: str, patience: str) -> None:
    """Waits for the moment, then does this node's part."""
    at = moment(folder, float(patience))
    if kind == "control":
        if at is None:
            drop(folder, NEW, BEFORE)
        else:
            control(folder, at)
        return
    try:
        if at is not None:
            follow(folder, server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
