"""The lock of the cluster, on its controller: one run at a time, whoever started it and from wherever.

A small process holds it, as long as the SSH connection of the run lives. The kernel lets go of the lock when that
process ends, however it ends, so there is no stale lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import time

from ansible.module_utils.blade_processes import ancestors, end, everyone, fields, lives, session, variable, wakes

# Root's own; gone after a boot, as is every run.
FOLDER = "/run/provision"
NAME = "run.lock"
# Shown by ps, and what tells the holder from work that a dead run left (at most 15 letters, see proc(5)).
HOLDER = "provision-lock"
LOOK_SECONDS = 5
YIELD_SECONDS = 2
# The kernel tells nobody with a deadline that a lock is free, so it is asked.
_POLL_SECONDS = 0.05
# What identifies a run: a number of a process alone comes again.
OWN = ("run", "machine", "pid", "start")


def take(owner, folder=FOLDER):
    """Takes the lock for a run, or says who has it.

    Args:
        owner: who wants it (`run`, `by`, `at`, and `machine`, `pid`, `start` of its main process); `steal` is the
            token of a holder that is known to be dead. `silence` is how many seconds without a sign of life from
            its machine the lock outlives.

    Returns:
        The holder as it is written down, with `held`: whether that is the run that asks, and its `age` in seconds.
    """
    connection = session(os.getpid())
    descriptor = _open(folder)
    try:
        if not _locked(descriptor):
            holder = _read(descriptor)
            mine = all(holder.get(key) == owner.get(key) for key in OWN)
            if mine and holder.get("session") == connection:
                return {**holder, "held": True}
            # Its own run over a new connection, or a holder whose run is dead: it makes room.
            if mine or ("token" in holder and holder["token"] == owner.get("steal")):
                end(_holders(folder), YIELD_SECONDS)
            # One that is just beginning or just ending has nothing written down.
            elif "token" in holder:
                return {**holder, "held": False}
            if not _locked_within(descriptor, YIELD_SECONDS):
                return {**_read(descriptor), "held": False}
        os.ftruncate(descriptor, 0)
        return {**_hold(descriptor, owner, connection), "held": True, "age": 0}
    finally:
        os.close(descriptor)


def look(folder=FOLDER):
    """The holder of the lock, {} when nobody holds it. The lock itself is not touched, not even for a moment."""
    if not _holders(folder):
        return {}
    descriptor = _open(folder)
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def release(token, folder=FOLDER):
    """Ends the holder with this token and returns whether it held the lock; any other is left alone."""
    if not token or look(folder).get("token") != token:
        return False
    end(_holders(folder), YIELD_SECONDS)
    return True


def _open(folder):
    """The lock file in a folder that only root enters; a link in its place is refused."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(place).st_uid != os.geteuid():
            raise PermissionError(f"{folder} is not root's")
        os.fchmod(place, 0o700)
        return os.open(NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=place)
    finally:
        os.close(place)


def _locked(descriptor):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked_within(descriptor, seconds):
    deadline = time.monotonic() + seconds
    while not _locked(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _read(descriptor):
    """What the holder wrote down about its run, with its age; {"age": 0} when that makes no sense."""
    try:
        found = json.loads(os.pread(descriptor, 65536, 0))
        return {**found, "age": max(0, int(time.time() - float(found["since"])))}
    except (ValueError, TypeError, KeyError):
        return {"age": 0}


def _hold(descriptor, owner, connection):
    """Starts the process that keeps the lock and returns what it wrote down."""
    record = {key: value for key, value in owner.items() if key != "steal"}
    # The address that the connection comes from is no claim of its owner.
    peer = next(filter(None, (variable(pid, "SSH_CONNECTION") for pid, _ in ancestors(os.getpid()))), "")
    record.update(since=time.time(), session=connection, token=os.urandom(8).hex(), address=peer.split(" ")[0])
    ready, told = os.pipe()
    if os.fork() == 0:
        try:
            _become_holder(descriptor, told, record)
            _until_over(connection, float(owner["silence"]))
            os.ftruncate(descriptor, 0)
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(ready, "rb") as answer:
        if answer.read() != b"held":
            raise RuntimeError("the process that holds it did not start")
    return record


def _become_holder(descriptor, told, record):
    """Cuts every tie to the module and its connection, which would wait for this process."""
    os.setsid()
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in (descriptor, told):
            with contextlib.suppress(OSError):  # the one that listed them
                os.close(int(name))
    # A user's job that eats all memory does not take the lock along.
    for name, text in (("comm", HOLDER), ("oom_score_adj", "-1000")):
        with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({**record, "holder": os.getpid()}).encode(), 0)
    os.write(told, b"held")
    os.close(told)


def _until_over(connection, silence):
    """Returns when the connection is gone, or nothing came over it for this many seconds."""
    pid, start = connection
    gone = select.poll()
    try:
        gone.register(os.pidfd_open(pid), select.POLLIN)
        pause = min(LOOK_SECONDS, silence)
    except (AttributeError, OSError):  # Linux before 5.3
        pause = 0.5
    last, since = wakes(pid), time.monotonic()
    while lives(pid, start):
        gone.poll(pause * 1000)
        now = wakes(pid)
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since >= silence:
            return


def _holders(folder):
    """`{pid: start}` of the processes that hold the lock, whatever the file says about them."""
    try:
        lock = os.stat(os.path.join(folder, NAME))
    except FileNotFoundError:
        return {}
    named = {pid: fields(pid) for pid in everyone()}
    return {
        pid: here["start"]
        for pid, here in named.items()
        if here and here["name"] == HOLDER and here["state"] not in "ZX" and _has_open(pid, lock)
    }


def _has_open(pid, wanted):
    folder = f"/proc/{pid}/fd"
    try:
        found = [os.stat(f"{folder}/{name}") for name in os.listdir(folder)]
    except OSError:  # it ended while we looked
        return False
    return any((each.st_dev, each.st_ino) == (wanted.st_dev, wanted.st_ino) for each in found)
