#!/usr/bin/python
"""Ends slurmd on a blade that has left the cluster, and says what else of the cluster is on it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_leave
short_description: Ends slurmd on a blade that has left its cluster
description:
  - Disables and stops slurmd, and removes the options that a run gave it. Packages, keys, disks and users stay.
  - Refuses while a step of a job is at work on the blade.
options: {}
author: the provisioner project
"""

RETURN = r"""
told: {description: 'What changed, a line each.', type: list, returned: success}
stays: {description: 'What of the cluster is still there: munge, scratch, logins, firewall, metrics, users.',
  type: list, returned: success}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_processes import steps
from ansible.module_utils.slurm_leaving import end, stays


def main():
    """Ends it, and prints what changed."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    if found := steps():
        module.fail_json(
            msg=f"steps of jobs are at work on it ({len(found)} slurmstepd), so its slurmd goes on; next: wait for "
            "them or end them, then release it again"
        )
    try:
        told = end(module.check_mode)
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"{error}; next: look at `systemctl status slurmd` on it, then release it again")
    module.exit_json(changed=bool(told), told=told, stays=stays())


if __name__ == "__main__":
    main()
