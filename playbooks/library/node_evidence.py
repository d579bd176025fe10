#!/usr/bin/python
"""What a node says of itself when somebody asks why it does not work; in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_evidence
short_description: What a node says of itself when it does not work
description:
  - Asks munge, systemd, the disks, the node's own health check and the logs, and tries to reach slurmctld.
  - Changes nothing, and tells nobody. Sets C(ansible_facts['node_evidence']).
  - Works on a machine that has nothing of Slurm.
options:
  name: {description: Name of the node., type: str, required: true}
  servers: {description: 'Where slurmctld listens, as C(address:port).', type: str, default: ''}
  asked:
    description: The clock of the asking machine (epoch) at the time of asking; the skew is reported against it.
    type: float
    default: 0
author: the provisioner project
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_machine import free_mib, os_release, text
from ansible.module_utils.blade_software import unit_states
from ansible.module_utils.node_logs import journal, root_log
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_munge import LIMIT
from ansible.module_utils.slurm_reach import CONTROLLER, asked_here, controllers, environment, unreached

UNITS = ("munge", "slurmd", "slurmctld", "slurmdbd", "mariadb", "chrony", "sackd")
# Slurm and munge stop where one of these is full or read-only.
PLACES = ("/", "/var", "/var/log/slurm", "/var/lib/slurm/slurmd", "/run", "/tmp")
HEALTH, LOOKS_ONLY = "/usr/local/sbin/slurm-health", "--look"
# Seconds for the health check, which ends itself after 20.
HEALTH_SECONDS = 25
# A credential is some hundred characters.
MOST_CREDENTIAL = 4000


def munge():
    """Exit code of munge with itself, and the credential that it made, '' for none."""
    code, credential, _ = run("munge", "-n", limit=LIMIT)
    if code == 0:
        code, _, _ = run("unmunge", text=credential, limit=LIMIT)
    return code, credential.strip()[:MOST_CREDENTIAL]


def read_only():
    """Those of the places that nobody can write to."""
    return [place for place in PLACES if os.path.exists(place) and os.statvfs(place).f_flag & os.ST_RDONLY]


def health():
    """What the health check of the node finds, '' for nothing or no such program."""
    # One of an older release would tell slurmctld.
    if LOOKS_ONLY not in text("/usr/local/lib/slurm_health/main.py"):
        return ""
    return run(HEALTH, LOOKS_ONLY, limit=HEALTH_SECONDS)[1].strip()[:4000]


def main():
    """Asks and prints."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "servers": {"type": "str", "default": ""},
            "asked": {"type": "float", "default": 0},
        },
        supports_check_mode=True,
    )
    now, wanted = time.time(), module.params
    code, credential = munge()
    servers = controllers(wanted["servers"])
    states = unit_states([f"{name}.service" for name in UNITS])
    facts = {
        "host_name": os.uname().nodename,
        "machine_id": text("/etc/machine-id").strip(),
        "os": os_release(),
        "skew": now - wanted["asked"],
        "up_seconds": float(text("/proc/uptime").split()[0]),
        "units": {name: states[f"{name}.service"] for name in UNITS},
        "munge": code,
        "credential": credential,
        "free_mib": {place: free_mib(place) for place in PLACES},
        "read_only": read_only(),
        "unreached": unreached(asked_here(environment([], servers, wanted["name"])), [CONTROLLER]) if servers else [],
        "health": health(),
        "logs": {
            "slurmd": root_log("/var/log/slurm/slurmd.log") or journal("--unit=slurmd"),
            "munge": journal("--unit=munge", "--priority=warning"),
            "kernel": journal("--dmesg", "--priority=err"),
        },
    }
    module.exit_json(ansible_facts={"node_evidence": facts})


if __name__ == "__main__":
    main()
