"""What a node keeps that was a member of a cluster, and how its slurmd ends. Nothing that holds data is touched."""

from __future__ import annotations

import os

from ansible.module_utils.blade_machine import text
from ansible.module_utils.blade_software import run, unit_states

# What looks after the folders of jobs would drain a node that slurmctld does not know.
UNITS = ("slurm-job-tmp.path", "slurm-job-tmp.timer", "slurmd.service")
# Our own options of slurmd: a node that has them counts as a member of the cluster that they name.
OPTIONS = "/etc/default/slurmd"
# By which a run knows whose installation this is.
MARK = "/var/lib/provision/installation.json"
OURS = "Written by provision"
_EXPORTER, _FIREWALL = "prometheus-node-exporter.service", "provision-firewall.service"


def has_options(path=OPTIONS):
    """Whether slurmd has options of ours."""
    return OURS in text(path)


def stays(root="/"):
    """What another profile of this installation would meet, by name: see `provisioner.slurm.released`."""
    units = unit_states([_EXPORTER, _FIREWALL])
    found = {
        "munge": os.path.exists(os.path.join(root, "etc/munge/munge.key")),
        "scratch": "LABEL=PROV-SCR-" in text(os.path.join(root, "etc/fstab")),
        "logins": _has_adopt(text(os.path.join(root, "etc/pam.d/sshd"))),
        "firewall": _goes_on(units[_FIREWALL]),
        "metrics": _goes_on(units[_EXPORTER]),
        "users": bool(_listed(os.path.join(root, "etc/ssh/authorized_keys.d"))),
    }
    return [name for name, there in found.items() if there]


def end(check):
    """Disables slurmd, stops it, and takes its options away; in this order, so that a boot in between starts none.

    Returns:
        What changed, or would.

    Raises:
        RuntimeError: a unit goes on.
        OSError: the options cannot be removed.
    """
    changed = [line for name, unit in unit_states(UNITS).items() for line in _differs(name, unit)]
    gone = [path for path, there in ((OPTIONS, has_options()), (MARK, os.path.lexists(MARK))) if there]
    changed += [f"file {path}: removed" for path in gone]
    if check or not changed:
        return changed
    os.environ["SYSTEMCTL_SKIP_SYSV"] = "1"
    there = [name for name, unit in unit_states(UNITS).items() if unit["load"] != "not-found"]
    run("systemctl", "disable", *there)
    run("systemctl", "stop", *there, limit=120)
    if left := [name for name, unit in unit_states(UNITS).items() if _differs(name, unit)]:
        raise RuntimeError(f"{', '.join(left)} does not end")
    for path in gone:
        os.unlink(path)
    return changed


def _differs(name, unit):
    """What is still to be done about a unit."""
    goes = [f"unit {name}: enabled -> disabled"] if unit["enabled"] == "enabled" else []
    runs = unit["active"] in ("active", "activating", "reloading", "deactivating")
    return goes + ([f"unit {name}: running -> stopped"] if runs else [])


def _goes_on(unit):
    return unit["active"] == "active" or unit["enabled"] == "enabled"


def _has_adopt(pam):
    return any("pam_slurm_adopt" in line and not line.lstrip().startswith("#") for line in pam.splitlines())


def _listed(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []
