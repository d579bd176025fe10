#!/usr/bin/python
"""The jobs that a change of slurm.conf would end, without our own, which are cancelled."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_busy
short_description: Jobs in partitions and on nodes of a Slurm cluster
description:
  - Lists the jobs of users. Jobs of our own verification, such as one that a killed run left behind, are cancelled.
  - What the running slurmctld does not know (a run was killed before it was told) has no jobs.
  - A job that names a node which goes (C(--nodelist)) ends with it, also while it waits.
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
  gpus:
    description: Nodes whose running jobs with GPUs are listed.
    type: list
    elements: str
    default: []
  gone:
    description: Those of O(nodes) that slurmctld will not know any more.
    type: list
    elements: str
    default: []
  named:
    description: Whether a job that names several nodes ends with C(any) of them, or with C(all).
    choices: [any, all]
    default: any
  closed:
    description: Partitions whose pending jobs are listed as waiting.
    type: list
    elements: str
    default: []
author: the provisioner project
"""

RETURN = r"""
jobs: {description: Numbers of the jobs that would be ended or requeued., type: list, returned: success}
ends: {description: Those of them that would be ended., type: list, returned: success}
requeues: {description: 'Those that would begin anew, since they may be requeued.', type: list, returned: success}
of: {description: 'The jobs by C(partition NAME) and C(node NAME).', type: dict, returned: success}
waiting: {description: Numbers of jobs that wait in closed partitions., type: list, returned: success}
cancelled: {description: Numbers of our own jobs that were cancelled., type: list, returned: success}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import cancel, our_jobs
from ansible.module_utils.slurm_nodes import ANSWER, together


def jobs(*filters):
    """Ids of the jobs; none where squeue does not know what is asked for."""
    return run("squeue", "--noheader", "--format=%A", *filters, limit=ANSWER)[1].split()


def has_gpus(number):
    """Whether a job has GPUs, since it asked for some or for whole nodes; also where Slurm does not say.

    ` Nodes=bld-002 CPU_IDs=0 Mem=32 GRES=gpu:a100:1(IDX:0)` is in its line for each kind of node.
    """
    code, text, _ = run("scontrol", "--details", "--oneliner", "show", "job", number, limit=ANSWER)
    # Of the first job of an array all are shown.
    own = [line for line in text.splitlines() if line.startswith(f"JobId={number} ")]
    return code != 0 or any(" GRES=gpu" in line for line in own)


def with_gpus(numbers):
    """Those of the jobs that have GPUs."""
    return [number for number, has in together(has_gpus, numbers).items() if has]


def may_be_requeued(numbers):
    """Those of the jobs that may begin anew: batch jobs whose users did not say otherwise."""
    if not numbers:
        return set()
    asked = ["--noheader", "--states=all", f"--jobs={','.join(sorted(numbers))}"]
    rows = run("squeue", *asked, "--Format=JobID:.20,Requeue:.10,BatchFlag:.10", limit=ANSWER)[1]
    return {row.split()[0] for row in rows.splitlines() if row.split()[1:] == ["1", "1"]}


def naming(gone, named):
    """Jobs whose users named nodes that go, by node: slurmctld ends them when it reads its jobs, waiting ones too."""
    if not gone:
        return {}
    asked = ["--noheader", "--states=PENDING,RUNNING,SUSPENDED", "--format=%A|%n"]
    rows = [row.partition("|") for row in run("squeue", *asked, limit=ANSWER)[1].splitlines()]
    lists = sorted({nodes.strip() for _, _, nodes in rows} - {""})
    names = together(lambda some: set(run("scontrol", "show", "hostnames", some, limit=ANSWER)[1].split()), lists)
    found: dict[str, list[str]] = {name: [] for name in gone}
    for number, _, nodes in rows:
        wanted = names.get(nodes.strip()) or set()
        lost = wanted & set(gone)
        if lost and (named == "any" or lost == wanted):
            for name in lost:
                found[name].append(number)
    return found


def main():
    """Cancels ours, and prints the ids of the others."""
    module = AnsibleModule(
        argument_spec={
            "partitions": {"type": "list", "elements": "str", "default": []},
            "nodes": {"type": "list", "elements": "str", "default": []},
            "gpus": {"type": "list", "elements": "str", "default": []},
            "gone": {"type": "list", "elements": "str", "default": []},
            "named": {"choices": ["any", "all"], "default": "any"},
            "closed": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    ours = our_jobs()
    if not module.check_mode:
        cancel(ours)
    # One by one: squeue says nothing at all when it does not know one of them.
    found = together(lambda name: jobs(f"--partition={name}"), module.params["partitions"])
    running = ["--states=RUNNING,SUSPENDED"]
    rebuilt, gpus = module.params["nodes"], module.params["gpus"]
    on_nodes = together(lambda name: jobs(*running, f"--nodelist={name}"), {*rebuilt, *gpus})
    on_nodes |= {name: with_gpus(on_nodes[name]) for name in set(gpus) - set(rebuilt)}
    named = naming(module.params["gone"], module.params["named"])
    of = {f"partition {name}": found[name] for name in found}
    of |= {f"node {name}": [*on_nodes[name], *named.get(name, ())] for name in on_nodes}
    of = {place: sorted(set(numbers) - ours.keys(), key=int) for place, numbers in of.items()}
    numbers = {number for some in of.values() for number in some}
    # A job of a partition that goes, or that names a node which goes, has nowhere to begin anew.
    lost = {number for some in (*found.values(), *named.values()) for number in some}
    requeues = may_be_requeued(numbers - lost) & numbers - lost
    pending = together(lambda name: jobs("--states=PENDING", f"--partition={name}"), module.params["closed"])
    waiting = {number for some in pending.values() for number in some} - ours.keys() - numbers
    module.exit_json(
        changed=bool(ours),
        jobs=sorted(numbers, key=int),
        ends=sorted(numbers - requeues, key=int),
        requeues=sorted(requeues, key=int),
        of={place: some for place, some in of.items() if some},
        waiting=sorted(waiting, key=int),
        cancelled=sorted(ours, key=int),
    )


if __name__ == "__main__":
    main()
