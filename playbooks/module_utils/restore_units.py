"""Stops a daemon with proof: nothing that it may still write to is ever moved."""

from __future__ import annotations

import os

from ansible.module_utils.blade_software import QUIET, UNITS
from ansible.module_utils.slurm_commands import run

STOP_SECONDS = 150
_LOOK = {
    "slurmctld": "look at `systemctl status slurmctld` there, then run again",
    "slurmdbd": "look at `systemctl status slurmdbd` there, then run again",
}


def stop(unit):
    """Stops a daemon; whether it ran.

    Raises:
        RuntimeError: nobody can say that it stopped.
    """
    ran = _state(unit) == "active"
    run("systemctl", "stop", f"{unit}.service", limit=STOP_SECONDS)
    state = _state(unit)
    if state not in ("inactive", "failed"):
        raise RuntimeError(f"{unit} did not stop, it is {state or 'of an unknown state'}; next: {_LOOK[unit]}")
    return ran


def withhold(unit, folder=UNITS):
    """Keeps a daemon from starting with its package: with the restored configuration it would, before the users of the
    cluster are there, and slurmctld asks for their numbers only once an hour. The run that follows ends such a mask.
    """
    path = os.path.join(folder, f"{unit}.service")
    loaded = run("systemctl", "show", "--property=LoadState", "--value", f"{unit}.service")[1].strip()
    if loaded == "not-found" and not os.path.lexists(path):
        os.symlink(QUIET, path)


def start(unit):
    """Starts a daemon again."""
    run("systemctl", "start", f"{unit}.service", limit=STOP_SECONDS)


def _state(unit):
    return run("systemctl", "show", "--property=ActiveState", "--value", f"{unit}.service")[1].strip()
