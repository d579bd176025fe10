"""What the controller keeps of a rolling run: whose it is, when it was heard of last, which nodes it has rebooted.

Two of them at once would take out twice as many nodes as either may.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time

NAME = "rolling.json"
# Root's own, as is all that is believed later.
FOLDER = "/var/lib/provision"
# Seconds after which a run that nobody heard of is no more; the longest step of one is an upgrade of a batch.
SILENCE = 1800
# Seconds after which nobody goes on with what was stopped.
KEPT = 7 * 86400
_MOST = 1_000_000


def read(folder=FOLDER):
    """The note, {} for none, and seconds since its run was heard of."""
    try:
        with open(os.open(os.path.join(folder, NAME), os.O_RDONLY | os.O_NOFOLLOW)) as file:
            found = json.loads(file.read(_MOST))
        if not isinstance(found, dict) or (time.time() - float(found["since"]) > KEPT and not found.get("at_work")):
            return {}, 0.0
        return found, max(0.0, time.time() - float(found["heard"]))
    except (OSError, ValueError, TypeError, KeyError):
        return {}, 0.0


def claim(owner, instead, kind, fresh=False, folder=FOLDER):
    """Makes the note that of a run; returns it, or the note of another run that is at work.

    Args:
        owner: who it is, as in the lock of the cluster; `run` names it.
        instead: the run that is known to be over, whose note this one may take.
        kind: what is done. What another run of the same kind had done stays done.
        fresh: forgets what was done.
    """
    with _alone(folder):
        before, age = read(folder)
        if before.get("at_work") and before.get("run") not in (owner["run"], instead) and age < SILENCE:
            return before, False
        goes_on = not fresh and before.get("kind") == kind
        kept = {key: before[key] for key in ("since", "done") if goes_on and key in before}
        note = {"since": time.time(), "done": [], **kept, **owner, "kind": kind, "at_work": True, "heard": time.time()}
        _write(note, folder)
        return note, True


def heard(run, done=(), folder=FOLDER):
    """Notes that the run is at work, and nodes that it is done with; whether the note still is that run's."""
    with _alone(folder):
        note, _ = read(folder)
        if note.get("run") != run or not note.get("at_work"):
            return False
        _write({**note, "done": sorted({*note["done"], *done}), "heard": time.time()}, folder)
        return True


def end(run, whole, folder=FOLDER):
    """The run is over: once all is done there is nothing to go on with."""
    with _alone(folder):
        note, _ = read(folder)
        if note.get("run") != run:
            return
        if whole:
            os.unlink(os.path.join(folder, NAME))
        else:
            _write({**note, "at_work": False}, folder)


@contextlib.contextmanager
def _alone(folder):
    os.makedirs(folder, mode=0o700, exist_ok=True)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _write(note, folder):
    """Whole or not at all."""
    descriptor, path = tempfile.mkstemp(prefix=f".{NAME}.", dir=folder)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(note, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path, os.path.join(folder, NAME))
    except BaseException:
        os.unlink(path)
        raise
