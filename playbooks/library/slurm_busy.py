#!/usr/bin/python
"""The jobs that a change of slurm.conf would end, without our own, which are cancelled."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_busy
short_description: Jobs in partitions and on nodes of a Slurm cluster
description:
  - Lists the jobs of users. Jobs of our own verification, such as one that a killed run left behind, are cancelled.
  - What the running slurmctld does not know (a run was killed before it was told) has no jobs.
options:
  partitions:
    description: Partitions whose jobs are listed, pending ones included.
    type: list
    elements: str
    default: []
  nodes:
    description: Nodes whose running jobs are listed.
    type: list
    elements: str
    default: []
  closed:
    description: Partitions whose pending jobs are listed as waiting.
    type: list
    elements: str
    default: []
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import cancel, our_jobs
from ansible.module_utils.slurm_nodes import ANSWER, together


def jobs(*filters):
    """Ids of the jobs; none where squeue does not know what is asked for."""
    return run("squeue", "--noheader", "--format=%A", *filters, limit=ANSWER)[1].split()


def main():
    """Cancels ours, and prints the ids of the others."""
    module = AnsibleModule(
        argument_spec={
            "partitions": {"type": "list", "elements": "str", "default": []},
            "nodes": {"type": "list", "elements": "str", "default": []},
            "closed": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    ours = our_jobs()
    if not module.check_mode:
        cancel(ours)
    # One by one: squeue says nothing at all when it does not know one of them.
    asked = [f"--partition={name}" for name in module.params["partitions"]]
    found = together(jobs, asked)
    running = ["--states=RUNNING,SUSPENDED"]
    on_nodes = together(lambda name: jobs(*running, f"--nodelist={name}"), module.params["nodes"])
    numbers = {number for some in (*found.values(), *on_nodes.values()) for number in some} - ours.keys()
    pending = together(lambda name: jobs("--states=PENDING", f"--partition={name}"), module.params["closed"])
    waiting = {number for some in pending.values() for number in some} - ours.keys() - numbers
    module.exit_json(
        changed=bool(ours),
        jobs=sorted(numbers, key=int),
        waiting=sorted(waiting, key=int),
        cancelled=sorted(ours, key=int),
    )


if __name__ == "__main__":
    main()
