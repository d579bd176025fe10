"""Processes of a blade, as /proc tells them."""

from __future__ import annotations

import contextlib
import os
import signal
import time

# What stands between a module and the connection it came over.
_WRAPPERS = ("sh", "dash", "bash", "env", "sudo", "su", "doas", "python")
POLL_SECONDS = 0.2
ROOT = 0


def fields(pid):
    """Name, parent, state and start (ticks since boot) of a process; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    # The name stands in brackets and may itself hold blanks and brackets.
    rest = text[text.rindex(")") + 2 :].split()
    return {
        "name": text[text.index("(") + 1 : text.rindex(")")],
        "parent": int(rest[1]),
        "state": rest[0],
        "start": int(rest[19]),
    }


def lives(pid, start):
    """Whether it is still that process, and no later one with its number."""
    found = fields(pid)
    return found is not None and found["start"] == start and found["state"] not in "ZX"


def ancestors(pid):
    """The parents of a process as `[(pid, fields)]`, nearest first, without process 1."""
    found = []
    here = fields(pid)
    while here is not None and here["parent"] > 1:
        pid = here["parent"]
        here = fields(pid)
        if here is not None:
            found.append((pid, here))
    return found


def session(pid):
    """`[pid, start]` of the process that lives as long as the connection over which a module came.

    That is the sshd of the connection (`sshd`, since OpenSSH 9.8 `sshd-session`), whatever shells and sudos are
    between; for a local connection the playbook's main process, of which the worker is a fork of the same name.
    """
    chain = ancestors(pid) or [(pid, fields(pid))]
    telling = [each for each in chain if not each[1]["name"].startswith(_WRAPPERS)] or chain[-1:]
    found, name = telling[0], telling[0][1]["name"]
    if name.startswith("ansible"):
        for each in telling[1:]:
            if each[1]["name"] != name:
                break
            found = each
    return [found[0], found[1]["start"]]


def variable(pid, name):
    """A variable of the environment that the process was started with, '' when it has none."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return ""
    start = name.encode() + b"="
    return next((word[len(start) :].decode(errors="replace") for word in words if word.startswith(start)), "")


def wakes(pid):
    """How often the process has been woken; it stands still while nobody sends it anything."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    except OSError:
        return ""
    return next((line.split()[1] for line in lines if line.startswith("voluntary_ctxt_switches:")), "")


def everyone():
    """The numbers of all processes."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def steps():
    """The numbers of the processes that look after steps of jobs here; a user may call a process whatever he likes."""
    found = []
    for pid in everyone():
        process = fields(pid)
        if process is None or process["name"] != "slurmstepd" or process["state"] in "ZX":
            continue
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}").st_uid == ROOT:
                found.append(pid)
    return found


def end(starts, seconds):
    """Ends processes, given as `{pid: start}`: first by request, after so many seconds for good."""
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, seconds)):
        for pid, start in starts.items():
            if lives(pid, start):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not any(lives(pid, start) for pid, start in starts.items()):
                return
            time.sleep(POLL_SECONDS)
