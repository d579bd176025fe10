"""Stops a daemon with proof: nothing that it may still write to is ever moved."""

from __future__ import annotations

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


def start(unit):
    """Starts a daemon again."""
    run("systemctl", "start", f"{unit}.service", limit=STOP_SECONDS)


def _state(unit):
    return run("systemctl", "show", "--property=ActiveState", "--value", f"{unit}.service")[1].strip()
