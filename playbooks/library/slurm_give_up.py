#!/usr/bin/python
"""Ends and requeues jobs that a person gave up, before the change that would do the same with less care."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_give_up
short_description: End and requeue jobs of a Slurm cluster
description:
  - Cancels O(ends), requeues O(requeues), and waits until no process of theirs is left on a node.
  - A job that is gone by now is no error. One that Slurm does not requeue is left as it is, and the module fails.
options:
  ends: {description: Numbers of jobs that are cancelled., type: list, elements: str, default: []}
  requeues: {description: Numbers of jobs that begin anew., type: list, elements: str, default: []}
  patience: {description: Seconds to wait until they have left their nodes., type: int, default: 90}
author: the provisioner project
"""

RETURN = r"""
left: {description: Numbers of the jobs that are still on a node., type: list, returned: success}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import ON_NODES
from ansible.module_utils.slurm_nodes import ANSWER, POLL_SECONDS


def there(numbers, states):
    """Those of the jobs that are in one of these states.

    Raises:
        RuntimeError: slurmctld does not answer.
    """
    code, out, err = run("squeue", "--noheader", "--all", f"--states={states}", "--format=%A", limit=ANSWER)
    if code != 0:
        raise RuntimeError((err or out).strip() or f"squeue ended with {code}")
    return sorted(set(out.split()) & set(numbers), key=int)


def give_up(ends, requeues):
    """Tells Slurm.

    Raises:
        RuntimeError: it does not answer, or refuses.
    """
    waiting = there(ends, f"PENDING,{ON_NODES}")
    running = there(requeues, ON_NODES)
    for command, numbers in ((["scancel"], waiting), (["scontrol", "requeue"], running)):
        if not numbers:
            continue
        words = [",".join(numbers)] if command[0] == "scontrol" else numbers
        code, out, err = run(*command, *words, limit=ANSWER)
        # It may have ended in this moment.
        if code != 0 and there(numbers, "RUNNING,SUSPENDED"):
            raise RuntimeError((err or out).strip() or f"{command[0]} ended with {code}")


def gone(numbers, seconds):
    """Those that are still on a node after at most so many seconds."""
    end = time.monotonic() + seconds
    while (left := there(numbers, ON_NODES)) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return left


def main():
    """Gives them up, and waits."""
    numbers = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={"ends": numbers, "requeues": numbers, "patience": {"type": "int", "default": 90}},
        supports_check_mode=True,
    )
    ends, requeues = module.params["ends"], module.params["requeues"]
    if module.check_mode:
        module.exit_json(changed=bool(ends or requeues), left=[])
    try:
        give_up(ends, requeues)
        left = gone([*ends, *requeues], module.params["patience"])
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"jobs cannot be ended or requeued: {error}; next: look at `squeue` there, then run again")
    if left:
        module.fail_json(
            msg=f"jobs {', '.join(left)} do not leave their nodes; next: look at `squeue` there, then run again"
        )
    module.exit_json(changed=bool(ends or requeues), left=[])


if __name__ == "__main__":
    main()
