"""What a run that died left at work on a blade: apt, dpkg, mkfs and whatever else a module had started."""

from __future__ import annotations

import os
import time

from ansible.module_utils.blade_processes import POLL_SECONDS, ancestors, end, everyone, fields, variable
from ansible.module_utils.cluster_lock import HOLDER

# Every task of a play that changes blades carries it in its environment, and so do the programs that it starts;
# daemons are started by systemd and do not.
MARK = "PROVISION_RUN"
PATIENCE_SECONDS = 10


def remains():
    """`[{"pid", "start", "name", "run"}]` of modules at work here, and of what they started, besides this one.

    A run does one thing at a time on a blade, so what carries the mark beside the asking module is of another run.
    Only root's are looked at: a user of the blade may set any variable.
    """
    own = {os.getpid(), *(pid for pid, _ in ancestors(os.getpid()))}
    found = []
    for pid in everyone():
        try:
            ours = pid not in own and os.stat(f"/proc/{pid}").st_uid == os.geteuid()
        except OSError:  # it ended while we looked
            continue
        run = variable(pid, MARK) if ours else ""
        here = fields(pid) if run else None
        if here and here["name"] != HOLDER and here["state"] not in "ZX":
            found.append({"pid": pid, "start": here["start"], "name": here["name"], "run": run})
    return found


def wait_out(seconds):
    """Waits until no remains are at work, ends them after this many seconds; returns notes about it."""
    first = remains()
    if not first:
        return []
    began = time.monotonic()
    while (left := remains()) and time.monotonic() - began < seconds:
        time.sleep(POLL_SECONDS)
    waited = f"{time.monotonic() - began:.0f} s"
    if not left:
        return [f"waited {waited} for {_named(first)}, which a run that died had left at work"]
    end({each["pid"]: each["start"] for each in left}, PATIENCE_SECONDS)
    return [f"ended {_named(left)}, which a run that died had left at work, after {waited}"]


def _named(found):
    """`apt-get, dpkg` without the shells around them, unless there is nothing else."""
    names = dict.fromkeys(each["name"] for each in found)
    telling = [name for name in names if not name.startswith(("sh", "sudo", "python"))]
    return ", ".join(telling or names)
