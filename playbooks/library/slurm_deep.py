#!/usr/bin/python
"""Uses a Slurm cluster as a user does, and says of each thing whether it works."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_deep
short_description: Uses a Slurm cluster as a user does
description:
  - Submits, watches and cancels jobs of an account without rights, on the controller, and cancels all of them in the
    end; what a killed one leaves behind, the next verification or run cancels.
  - Users' jobs come first. A job waits no longer than C(patience), one over all nodes is sent to idle ones only, and
    where preemption is configured no other node is used either.
options:
  account:
    description: The account.
    type: str
    default: nobody
  nodes:
    description: Names of nodes that were found in order.
    type: list
    elements: str
    required: true
  patience:
    description: Seconds that a job may wait for its node.
    type: int
    default: 60
  timeout:
    description: Seconds that all of it may take; what is not begun by then is not tried.
    type: int
    default: 480
  memlock:
    description: How much memory a job may lock, as the site has it for the unit of slurmd.
    type: str
    default: infinity
  mpi:
    description: Whether MPI programs are tried as well, and measured.
    type: bool
    default: false
  run:
    description: Id of the run, for the comment of our jobs.
    type: str
    default: ''
author: the provisioner project
"""

import pwd
import select
import signal
import sys
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.deep_checks import (
    across,
    array,
    cancelled,
    chain,
    nodes_shown,
    queue_shown,
    recorded,
    script,
    sweep,
)
from ansible.module_utils.deep_jobs import Asker, Busy, Failed, NotTried, Stopped
from ansible.module_utils.deep_limits import cores, locked, memory
from ansible.module_utils.deep_mpi import compiled, python
from ansible.module_utils.deep_place import LEAVES, config, free_and_busy, partition_for
from ansible.module_utils.deep_preempt import preempted
from ansible.module_utils.deep_terminal import terminal
from ansible.module_utils.slurm_jobs import cancel_left_behind, cancel_own, our_comment, ours_gone, worked_as

# In this order; `provisioner/slurm/deep.py` has a line of words for each.
CHECKS = {
    "sinfo": nodes_shown,
    "sbatch": script,
    "squeue": queue_shown,
    "scancel": cancelled,
    "terminal": terminal,
    "array": array,
    "chain": chain,
    "all nodes": across,
    "memory": memory,
    "cores": cores,
    "locked memory": locked,
    "preemption": preempted,
    "sacct": recorded,
}
MPI_CHECKS = {"mpi in C": compiled, "mpi4py": python}
WITHOUT_A_NODE = ("sinfo", "sacct")
LONGEST = 4000
ANOTHER = "name an account without rights that all nodes have (--user, or provision_deep_user in group_vars)"


def tried(checks, asker, why_not, seconds):
    """What the checks came to, in order.

    Args:
        why_not: why no check that needs a node can be made, '' where they can.
        seconds: for all of them.
    """
    found, end = [], time.monotonic() + seconds
    for name, check in checks.items():
        began = time.monotonic()
        report = {"name": name, "result": "ok", "words": "", "evidence": "", "cause": ""}
        asker.measured = {}
        try:
            if why_not and name not in WITHOUT_A_NODE:
                raise NotTried(why_not)
            if began > end:
                raise NotTried(f"the time is over ({seconds} s for all)")
            report["words"] = check(asker)
        except NotTried as reason:
            report |= {"result": "not tried", "words": str(reason)}
            why_not = str(reason) if isinstance(reason, Busy) else why_not
        except Failed as trouble:
            report |= {"result": "failed", "words": str(trouble), "evidence": trouble.evidence[:LONGEST]}
            report["cause"] = trouble.cause
            if trouble.cause == "not allowed":
                why_not = f"{asker.account} may not submit jobs"
        if report["result"] != "ok":
            # What is left of it has the cores that the next one needs.
            cancel_own(asker.comment)
            ours_gone(LEAVES, [asker.node])
        report |= {"words": report["words"][:LONGEST], "seconds": round(time.monotonic() - began, 1)}
        found.append(report | asker.measured)
    return found


def gone():
    """Whether nobody reads any more what this process prints."""
    poller = select.poll()
    poller.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poller.poll(0))


def no_place(free, busy, settings):
    """Why no node can be used, '' where one can."""
    if free or (busy and not settings.get("PreemptType")):
        return ""
    if busy:
        return "nodes are busy, and with preemption a job of ours could take a user's place"
    return "no node is in order and free"


def verify(wanted):
    """The report; every job of ours is cancelled whatever happens."""
    cancel_left_behind()
    sweep(wanted["account"])
    settings = config()
    free, busy = free_and_busy(wanted["nodes"])
    partition, having = partition_for({*free, *busy})
    free, busy = [name for name in free if name in having], [name for name in busy if name in having]
    comment = our_comment(wanted["run"])
    node = (free or busy or [""])[0]
    asker = Asker(wanted["account"], comment, partition, node, free, busy, wanted["patience"], settings, gone)
    asker.memlock = wanted["memlock"]
    checks = CHECKS | (MPI_CHECKS if wanted["mpi"] else {})
    try:
        return {
            "account": wanted["account"], "partition": partition, "free": free, "busy": busy, "mpi": wanted["mpi"],
            "checks": tried(checks, asker, no_place(free, busy, settings), wanted["timeout"]),
        }  # fmt: skip
    finally:
        worked_as(cancel_own(comment))


def end(number, frame):
    """Ends this process in order, jobs cancelled."""
    sys.exit(1)


def main():
    """Tries everything and prints the report; fails only where slurmctld does not answer, or the account is none."""
    module = AnsibleModule(
        argument_spec={
            "account": {"type": "str", "default": "nobody"},
            "nodes": {"type": "list", "elements": "str", "required": True},
            "patience": {"type": "int", "default": 60},
            "timeout": {"type": "int", "default": 480},
            "memlock": {"type": "str", "default": "infinity"},
            "mpi": {"type": "bool", "default": False},
            "run": {"type": "str", "default": ""},
        },
    )
    account = module.params["account"]
    try:
        is_root = pwd.getpwnam(account).pw_uid == 0
    except KeyError:
        module.fail_json(msg=f"there is no account {account} on it; next: {ANOTHER}")
    if is_root:
        module.fail_json(msg=f"{account} is root, to whom no limit applies; next: {ANOTHER}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        found = verify(module.params)
    except (RuntimeError, OSError) as error:
        last = (str(error).splitlines() or ["it says nothing"])[-1]
        module.fail_json(msg=f"slurmctld does not answer: {last}; next: look at `journalctl -u slurmctld` there")
    except Stopped:
        module.fail_json(msg="whoever asked is gone; next: run it again")
    module.exit_json(ansible_facts={"slurm_deep": found})


if __name__ == "__main__":
    main()
