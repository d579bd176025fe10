#!/usr/bin/python
"""Which jobs are on which nodes: as slurmctld has them, or as a node sees them among its own processes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_running
short_description: Jobs on nodes of a Slurm cluster
description:
  - Without O(nodes) lists the jobs of which a process of Slurm is on this machine.
  - With O(nodes) asks slurmctld; jobs of our own verification are left out. Does not fail where it does not answer.
options:
  nodes: {description: Node names., type: list, elements: str, default: []}
author: the provisioner project
"""

RETURN = r"""
jobs: {description: Numbers of jobs by node., type: dict, returned: success}
own: {description: Numbers of jobs on this machine., type: list, returned: success}
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_processes import steps
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import ON_NODES, nodes_of, our_jobs
from ansible.module_utils.slurm_nodes import ANSWER

_MOST_JOBS = 20
# `slurmstepd: [17.batch]`, as it names itself; of one that does not, nobody knows the job.
_STEP = re.compile(r"slurmstepd: \[(\d+)\.")


def own_jobs():
    """Numbers of the jobs that have a process of Slurm here; `unknown` for one that does not name its job."""
    found = set()
    for pid in steps():
        try:
            with open(f"/proc/{pid}/cmdline", errors="replace") as file:
                step = _STEP.search(file.read(200))
        except OSError:
            continue
        found.add(step[1] if step else "unknown")
    return sorted(found)[:_MOST_JOBS]


def jobs_on(names):
    """Per node the numbers of the jobs of others on it; none where slurmctld does not answer."""
    # Of all nodes: a name that slurmctld does not know would be an error.
    code, out, _ = run("squeue", "--noheader", "--all", f"--states={ON_NODES}", "--format=%A %N", limit=ANSWER)
    if code != 0:
        return {}
    ours = our_jobs()
    found: dict[str, list[str]] = {}
    by_list: dict[str, list[str]] = {}
    for line in out.splitlines():
        number, _, nodes = line.partition(" ")
        if number.isdigit() and number not in ours and nodes.strip():
            by_list.setdefault(nodes.strip(), []).append(number)
    for nodes, numbers in by_list.items():
        for name in nodes_of({"": {"nodes": nodes}}) & set(names):
            found.setdefault(name, []).extend(numbers)
    return {name: sorted(set(numbers), key=int)[:_MOST_JOBS] for name, numbers in found.items()}


def main():
    """Prints them."""
    module = AnsibleModule(
        argument_spec={"nodes": {"type": "list", "elements": "str", "default": []}}, supports_check_mode=True
    )
    if not module.params["nodes"]:
        module.exit_json(changed=False, jobs={}, own=own_jobs())
    module.exit_json(changed=False, jobs=jobs_on(module.params["nodes"]), own=[])


if __name__ == "__main__":
    main()
