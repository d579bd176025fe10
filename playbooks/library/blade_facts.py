#!/usr/bin/python
"""Everything a run wants to know about a blade, in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: blade_facts
short_description: Facts of a blade that the roles of this project decide on
description:
  - Reads, in one call, the state of everything that the roles manage; they compare it with what they want.
  - Changes nothing. Sets C(ansible_facts['blade']).
  - On the controller it takes the lock of the cluster, so that no other run works there before this one is over.
options:
  packages:
    description: Names of packages to report the installed version of ('' when not installed).
    type: list
    elements: str
    default: []
  units:
    description: systemd units to report the state of, with their suffix.
    type: list
    elements: str
    default: []
  users:
    description: Accounts to report uid and gid of.
    type: list
    elements: str
    default: []
  paths:
    description: Files, links and folders to report the state of, with the text of files; C({multiarch}) stands for the
      processor's part of a path.
    type: list
    elements: str
    default: []
  secrets:
    description: Secret files to return a salted digest with owner, group and mode of.
    type: list
    elements: str
    default: []
  asks:
    description: Programs to run, as lists of words by a name of the caller; they must change nothing.
    type: dict
    default: {}
  scratch:
    description: What the module scratch takes; what it would do.
    type: dict
    default: {}
  full:
    description: Handed on; tells the roles to run all their tasks, whatever these facts say.
    type: bool
    default: false
  asked:
    description: The clock of the asking machine (epoch) at the time of asking; the skew is reported against it.
    type: float
    default: 0
  salt:
    description: Random text of this run; makes digests of O(secrets) worthless after it.
    type: str
    default: ''
  lock:
    description: Takes the lock of the cluster in this name; C(cluster) and C(run), to which the action adds the rest.
    type: dict
    default: {}
  patience:
    description: Seconds to wait for what a dead run left at work here, which is ended after them; by default nothing
      is waited for and it is only reported.
    type: int
    default: 0
author: the provisioner project
"""

import os
import shutil
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_disks.machine import Machine
from ansible.module_utils.blade_disks.model import Refusal, Wanted
from ansible.module_utils.blade_disks.parts import parts
from ansible.module_utils.blade_disks.scratch import Allowed, converge
from ansible.module_utils.blade_gpus import gpus, withheld
from ansible.module_utils.blade_machine import can_set_clock, cpu, free_mib, memory_mib, os_release, text
from ansible.module_utils.blade_software import (
    APT_LOCKS,
    is_locked,
    package_versions,
    run,
    run_twice,
    unit_states,
    user_ids,
)
from ansible.module_utils.cluster_lock import FOLDER, take
from ansible.module_utils.file_reads import readable_state, secret_digests, written
from ansible.module_utils.installation import host_keys, root_created
from ansible.module_utils.remains import remains, wait_out
from ansible.module_utils.slurmd_holds import holds

# Characters; nodes.json of a thousand nodes has less than one million.
MOST_TEXT = 4 * 2**20
MOST_ANSWER = 4096
# Where slurmd works: Slurm drains a node that has no room there.
SPOOL = "/var/lib/slurm/slurmd"


def scratch_state(wanted):
    """`{"right", "size_mib", "expected_mib", "waiting", "warnings", "actions"}` of the wanted scratch.

    It is asked of the very code that would make it.
    Right is what gives the role nothing to do, also while its disk waits for a person or is still being read. A refusal
    is no action: the role itself says why.
    """
    nothing = {"right": True, "size_mib": 0, "expected_mib": 0, "waiting": [], "warnings": [], "actions": []}
    if not wanted.get("disks"):
        return nothing
    disks = [Wanted(disk["size_gb"], disk["id"]) for disk in wanted["disks"]]
    try:
        allowed = Allowed(wanted.get("announced", ""), wanted.get("prove", "dense"))
        place = os.path.normpath(wanted["mount_point"])
        found = converge(Machine(), disks, wanted["layout"], place, check=True, allowed=allowed, glance=True)
    except Refusal:
        return {**nothing, "right": False}
    # A disk that fails is remounted read-only, which neither slurmd nor an unchanged fstab shows.
    usable = all(os.access(mount["mount_point"], os.W_OK) for mount in found["mounts"])
    scratch = found["ansible_facts"]["scratch"]
    return {
        "right": usable and not found["actions"],
        "size_mib": scratch["size_mib"],
        "expected_mib": scratch["expected_mib"],
        "waiting": scratch["waiting"],
        "warnings": scratch["warnings"],
        "actions": found["lines"],
    }


def answers(programs):
    """What each program prints, '' where it fails; the end of a long answer is cut off."""
    return {name: run(*words).strip()[:MOST_ANSWER] for name, words in programs.items()}


def limited(state):
    """The state of a path, without a text that is too long for the facts: its size then says so."""
    size = len(state.get("content") or "")
    return {**state, "content": "", "too_big": size} if size > MOST_TEXT else state


def main():
    """Gathers the facts and prints them."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "users": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "str", "default": []},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "asks": {"type": "dict", "default": {}},
            "scratch": {"type": "dict", "default": {}},
            "full": {"type": "bool", "default": False},
            "asked": {"type": "float", "default": 0},
            "salt": {"type": "str", "default": ""},
            "lock": {"type": "dict", "default": {}},
            "patience": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    try:
        lock = take(wanted["lock"]) if wanted["lock"] and not module.check_mode else {}
    except (OSError, RuntimeError) as error:
        module.fail_json(msg=f"the lock of the cluster cannot be taken: {error}; next: look at {FOLDER} on this blade")
    # Before anything is looked at: what is still at work changes it.
    notes = wait_out(wanted["patience"]) if wanted["patience"] and not module.check_mode else []
    paths = {path: path.replace("{multiarch}", f"{os.uname().machine}-linux-gnu") for path in wanted["paths"]}
    secrets = {path: path for path in wanted["secrets"]}
    slurmd = shutil.which("slurmd", path="/usr/sbin:/usr/bin")
    units = unit_states(wanted["units"])
    facts = {
        "machine_id": text("/etc/machine-id").strip(),
        "host_name": os.uname().nodename,
        "machine": os.uname().machine,
        "os": os_release(),
        "init": text("/proc/1/comm").strip(),
        "epoch": time.time(),
        "skew": time.time() - wanted["asked"],
        "memory_mib": memory_mib(),
        "cpu": cpu(),
        "gpus": gpus(),
        "parts": parts(),
        "withheld": withheld(),
        "free_mib": {path: free_mib(path) for path in ("/", "/var", SPOOL)},
        "can_set_clock": can_set_clock(),
        "read_only": not os.access("/etc", os.W_OK),
        "dpkg_trouble": run("dpkg", "--audit").strip(),
        "apt_held": is_locked(APT_LOCKS),
        "packages": package_versions(wanted["packages"]),
        "units": units,
        "users": user_ids(wanted["users"]),
        "asks": answers(wanted["asks"]),
        "paths": {name: limited(readable_state(path)) for name, path in paths.items()},
        "written": written(paths | secrets),
        "secrets": secret_digests(secrets, wanted["salt"]),
        "scratch": scratch_state(wanted["scratch"]),
        "full": wanted["full"],
        "slurmd_c": run_twice(slurmd, "-C") if slurmd else "",
        "slurmd_holds": holds(units.get("slurmd.service")),
        "lock": lock,
        "remains": remains(),
        "host_keys": host_keys(),
        "root_created": root_created(),
    }
    module.exit_json(ansible_facts={"blade": facts, **({"provision_notes": notes} if notes else {})})


if __name__ == "__main__":
    main()
