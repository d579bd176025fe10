#!/usr/bin/python
"""What a machine is, for a first plan that names it; in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_look
short_description: Hardware, disks, addresses and release of a machine that no plan knows yet
description:
  - Reads only. Sets C(ansible_facts['machine']).
options: {}
author: the provisioner project
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_disks.machine import Machine, device_number, read_text
from ansible.module_utils.blade_disks.scratch import reports
from ansible.module_utils.blade_disks.tree import sysdir
from ansible.module_utils.blade_machine import cpu, memory_mib, os_release, text
from ansible.module_utils.machine_parts import gpus, interfaces, serial


def disks():
    """Every whole disk with its verdict, as `provision disks` shows it, and whether it turns (null: unknown)."""
    machine = Machine()
    found = []
    for disk in reports(machine):
        number = device_number(disk["path"])
        turns = read_text(sysdir(machine, number) / "queue" / "rotational") if number else ""
        found.append({**disk, "turns": None if turns not in ("0", "1") else turns == "1"})
    return found


def main():
    """Looks at the machine and prints what it is."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    facts = {
        "host_name": os.uname().nodename,
        "machine_id": text("/etc/machine-id").strip(),
        "os": os_release(),
        "init": text("/proc/1/comm").strip(),
        "read_only": not os.access("/etc", os.W_OK),
        "memory_mib": memory_mib(),
        "cpu": cpu(),
        "serial": serial(),
        "interfaces": interfaces(),
        "gpus": gpus(),
        "disks": disks(),
    }
    module.exit_json(ansible_facts={"machine": facts})


if __name__ == "__main__":
    main()
