"""The steps of a rotation of munge's key, up to the moment in which each node changes it by itself.

What changes the key is a program on the node (`provisioner/on_node/rotation`), in a unit of its own: it ends what it
began whatever becomes of the run. On the controller the folder stays for as long as the change can be taken back; on
the other nodes it is in memory, and goes when the node has changed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time

from ansible.module_utils.rotation_place import (
    AS,
    AT,
    BEFORE,
    LOOK,
    NEW,
    OLD,
    ON_CONTROLLER,
    ON_NODE,
    digest,
    drop_staged,
    journal,
    note,
    refuse_without_room,
    secret,
    start,
    state,
    stop,
    works,
    write,
)
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_munge import LIMIT, own_munge

KEY = "/etc/munge/munge.key"
CLEANS = "/etc/tmpfiles.d/provision-rotation.conf"
# Days for which the change can be taken back.
DAYS = 7
# Seconds: the whole change on the controller, and on another node; how far a clock may be off.
ENDS, FOLLOWS, CLOCK = 420, 60, 1.5
_POLL_SECONDS = 0.1


def look(salt, controls):
    """What this node has: a digest of its key, whether munge works, and how far a rotation is."""
    wait_for_change(controls)
    code, words = own_munge()
    found = {"key": digest(KEY, salt), "munge": "" if code == 0 else words or f"exit code {code}", "at_work": works()}
    if controls:
        old = digest(f"{ON_CONTROLLER}/{NEW if _stopped_undo() else OLD}", salt)
        found.update(slurmctld=state("slurmctld.service"), rotation=journal(), old=old if old != found["key"] else "")
    return found


def make(undo, by):
    """Stages another key on the controller, or the one of before; its content.

    Raises:
        RuntimeError: there is none to take back.
        OSError: there is no room; nothing stays of it.
    """
    wait()
    stop()
    refuse_without_room()
    os.makedirs(ON_CONTROLLER, mode=0o700, exist_ok=True)
    for folder in (os.path.dirname(ON_CONTROLLER), ON_CONTROLLER):
        os.chmod(folder, 0o700)
    if _stopped_undo():
        os.replace(f"{ON_CONTROLLER}/{NEW}", f"{ON_CONTROLLER}/{OLD}")
    drop_staged()
    try:
        if undo and not os.path.exists(f"{ON_CONTROLLER}/{OLD}"):
            raise RuntimeError("the key of before is not kept any more; next: `provision rotate munge` makes another")
        content = secret(f"{ON_CONTROLLER}/{OLD}") if undo else os.urandom(128)
        write(f"{ON_CONTROLLER}/{NEW}", content)
        write(f"{ON_CONTROLLER}/{BEFORE}", secret(KEY))
        write(CLEANS, f"# Written by provision.\nd {ON_CONTROLLER} 0700 root root m:{DAYS}d\n".encode(), 0o644)
        note(stage="staged", undo=undo, by=by, when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), why="")
    except BaseException:
        drop_staged()
        raise
    return content


def _stopped_undo():
    """Whether an undo ended between its first note and the change: the key of before is where it staged it."""
    note = journal()
    if note.get("stage") != "switching" or note.get("undo") is not True or works():
        return False
    try:
        new, old, now = (secret(path) for path in (f"{ON_CONTROLLER}/{NEW}", f"{ON_CONTROLLER}/{OLD}", KEY))
    except (OSError, RuntimeError):
        return False
    return old == now != new


def stage(content, was, salt, program, server):
    """Stages a key on a node, and starts what changes it there.

    Raises:
        RuntimeError, OSError: it is not staged.
    """
    stop()
    if digest(KEY, salt) != was:
        raise RuntimeError("its key is not that of the controller; next: `provision slurm` first")
    refuse_without_room()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(ON_NODE)
    os.mkdir(ON_NODE, 0o700)
    try:
        write(f"{ON_NODE}/{NEW}", content)
        write(f"{ON_NODE}/{BEFORE}", secret(KEY))
        start(ON_NODE, program, "follow", server)
    except BaseException:
        shutil.rmtree(ON_NODE)
        raise


def arm(at, lead, program=""):
    """Tells the program of this node when the change begins.

    Args:
        at: that moment, by the clock of the controller.
        lead: seconds until then, at most.
        program: on the controller, what is started for it.

    Raises:
        RuntimeError: it is too late for that, or the clock of this node is off.
    """
    left = at - time.time()
    if left > lead + CLOCK:
        words = f"its clock is {left - lead:.0f} s or more behind that of the controller"
        raise RuntimeError(f"{words}; next: look at `chronyc tracking` there")
    if left < 1:
        raise RuntimeError("it heard too late of the moment to change, or its clock is ahead; next: run again")
    if not (program or works()):
        raise RuntimeError(f"what changes the key there has ended; next: {LOOK}")
    write(f"{ON_CONTROLLER if program else ON_NODE}/{AT}", repr(float(at)).encode())
    if program:
        start(ON_CONTROLLER, program, "control", "-")


def wait():
    """How far the rotation is once the change is over that is under way on the controller."""
    wait_for_change(controls=True)
    found = journal()
    # Its program had no room to write down that the key has changed, or was killed.
    if found.get("stage") == "switching" and secret(KEY) != secret(f"{ON_CONTROLLER}/{OLD}"):
        found["stage"] = "switched"
    return found


def wait_for_change(controls):
    """Waits for a change of the key that is under way here, for as long as one takes."""
    deadline = time.monotonic() + (ENDS if controls else FOLLOWS)
    place = ON_CONTROLLER if controls else ON_NODE
    while os.path.exists(f"{place}/{AT}") and works() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def prove(credential, salt):
    """After the change: this node's key, what the controller's credential is taken for, and a credential of its own."""
    wait_for_change(controls=False)
    code = run("unmunge", text=credential, limit=LIMIT)[0]
    return {"key": digest(KEY, salt), "at_work": works(), "takes": code, "credential": vouch()}


def vouch():
    """A credential of an account without rights, which whoever sees it can do nothing with."""
    return run(*AS["nobody"], "munge", "-n", limit=LIMIT)[1].strip()


def accept(credentials):
    """Takes the credentials of the other nodes; exit codes of unmunge by node. All are good: the rotation is proved."""
    codes = {name: run("unmunge", text=str(each), limit=LIMIT)[0] for name, each in credentials.items()}
    if not any(codes.values()):
        note(proved=True)
    return codes


def drop(controls):
    """Nothing of a rotation that did not come to its moment stays."""
    stop()
    if controls:
        drop_staged()
        if journal().get("stage") in ("staged", "nothing"):
            note(stage="nothing")
    else:
        shutil.rmtree(ON_NODE, ignore_errors=True)


def finish():
    """The key of before goes; whether there was one."""
    stop()
    there = os.path.exists(f"{ON_CONTROLLER}/{OLD}")
    shutil.rmtree(ON_CONTROLLER, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        os.remove(CLEANS)
    return there
