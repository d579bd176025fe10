#!/usr/bin/python
"""Units that run and come back after a boot: enabled, started and asked whether they work, in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: unit_set
short_description: Starts systemd units, and asks whether they work
description:
  - As C(systemd_service) and a check of each unit, but for all units of a role in one call, with one reading of all
    units anew. C(systemctl enable) reads them anew each time, and keeps links of another init system for each unit that
    has a script of that, which takes half a second of CPU time.
  - Ends masks of ours only; a unit that an admin has masked does not start, and that fails.
options:
  units:
    description: What is to be done, in this order.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: With its suffix., type: str, required: true}
      state: {description: What it is to be., choices: [started, restarted, stopped], required: true}
      ask: {description: For bash, which has to succeed., type: str, default: ''}
      patience: {description: How often it is asked again, each time after a second., type: int, default: 0}
  reload:
    description: Whether systemd may know old forms of units.
    type: bool
    default: false
author: the provisioner project
"""

RETURN = r"""
unit: {description: The unit that is to blame., type: str, returned: failure}
started: {description: 'Whether it did start, and does not work.', type: bool, returned: failure}
"""

import os
import subprocess
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_software import QUIET, UNITS, unit_states

# Seconds in which a unit that failed at its start may still come, and between two tries.
PATIENCE, PAUSE = 10, 2
_ENVIRONMENT = {**os.environ, "LC_ALL": "C", "SYSTEMCTL_SKIP_SYSV": "1"}


class Failed(Exception):
    """A unit does not start, or started and does not work."""

    def __init__(self, unit, words, started=False):
        super().__init__(words)
        self.unit, self.started = unit, started


def systemctl(verb, *units):
    """Runs systemctl.

    Raises:
        Failed: it ended with another code than 0; its words say why.
    """
    done = subprocess.run(["systemctl", *verb.split(), *units], capture_output=True, text=True, env=_ENVIRONMENT)
    if done.returncode != 0:
        raise Failed(units[0] if units else "", done.stderr.strip())


def bring(verb, unit):
    """Starts, restarts or stops a unit. One that systemd is about to start anew by itself is tried again for a while.

    What it needs may come a moment later, such as a port that another daemon has just left.

    Raises:
        Failed: it does not start.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return systemctl(verb, unit)
        except Failed:
            if time.monotonic() > deadline or not _comes_again(unit):
                raise
        time.sleep(PAUSE)


def _comes_again(unit):
    asked = ["systemctl", "show", "--property=SubState", "--value", unit]
    said = subprocess.run(asked, capture_output=True, text=True, env=_ENVIRONMENT).stdout
    return said.startswith("auto-restart")


def unmask(names, folder=UNITS):
    """Ends masks of ours; returns whether there were any. Another one may have come since anybody looked."""
    found = []
    for name in names:
        try:
            if os.readlink(os.path.join(folder, name)) == QUIET:
                os.unlink(os.path.join(folder, name))
                found.append(name)
        except OSError:
            continue
    return bool(found)


def ask(unit):
    """Asks a unit whether it works, until it does.

    Raises:
        Failed: it does not.
    """
    for left in range(unit["patience"], -1, -1):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", unit["ask"]], capture_output=True, text=True, env=_ENVIRONMENT
        )
        if done.returncode == 0:
            return
        if left:
            time.sleep(1)
    raise Failed(unit["name"], done.stderr.strip(), started=True)


def apply(units, reload):
    """Makes the units what they are to be; returns whether that was anything.

    Raises:
        Failed: see there.
    """
    running = [unit["name"] for unit in units if unit["state"] != "stopped"]
    unmasked = unmask(running)
    before = unit_states([unit["name"] for unit in units])
    disabled = [name for name in running if before[name]["enabled"] != "enabled"]
    for name in disabled:
        systemctl("enable --no-reload", name)
    if unmasked or disabled or reload:
        systemctl("daemon-reload")
    verbs = {"started": "start", "restarted": "restart", "stopped": "stop"}
    for unit in units:
        bring(verbs[unit["state"]], unit["name"])
        if unit["ask"]:
            ask(unit)
    stays = {("started", True), ("stopped", False)}
    moved = [unit for unit in units if (unit["state"], before[unit["name"]]["active"] == "active") not in stays]
    return bool(unmasked or disabled or moved)


def main():
    """Starts them, or says which does not."""
    options = {
        "name": {"type": "str", "required": True},
        "state": {"choices": ["started", "restarted", "stopped"], "required": True},
        "ask": {"type": "str", "default": ""},
        "patience": {"type": "int", "default": 0},
    }
    module = AnsibleModule(
        argument_spec={
            "units": {"type": "list", "elements": "dict", "required": True, "options": options},
            "reload": {"type": "bool", "default": False},
        }
    )
    try:
        changed = apply(module.params["units"], module.params["reload"])
    except (Failed, OSError) as error:
        unit, started = getattr(error, "unit", ""), getattr(error, "started", False)
        module.fail_json(msg=str(error) or "it says nothing", unit=unit, started=started)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
