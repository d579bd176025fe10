#!/usr/bin/python
"""What slurmctld says of its nodes and jobs, asked on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_status
short_description: What slurmctld says of its nodes and jobs
description:
  - Asks scontrol, sinfo and squeue for fields that Slurm itself fills, and for the reasons of drains, in tables that
    no text of a user or of a node can forge. Names of jobs are not asked for.
  - Changes nothing, and does not fail while slurmctld is down.
author: the provisioner project
"""

RETURN = r"""
up:
  description: Whether slurmctld answers.
  type: bool
  returned: success
nodes:
  description: Per node its name, state, CPUs (allocated/idle/other/total), MiB, release, reason, who gave the reason
    and when, and who drained it, '' for one that is not drained.
  type: list
  returned: success
running:
  description: Per job on nodes its number and its nodes, at most MOST_JOBS of them.
  type: list
  returned: success
in_prolog:
  description: Per running job whose prolog is not over its number and how long it runs, at most MOST_JOBS of them.
  type: list
  returned: success
pending:
  description: How many jobs wait.
  type: int
  returned: success
"""

import re
import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_drains import owner
from ansible.module_utils.slurm_table import table

NODE = (
    ("NodeList", 255),
    ("StateComplete", 300),
    ("CPUsState", 60),
    ("Memory", 20),
    ("Version", 40),
    # Cut here: a reason may have any length.
    ("Reason", 400),
    ("User", 40),
    ("Timestamp", 40),
)
JOB = (("JobID", 20), ("NodeList", 4000), ("State", 20), ("Reason", 40), ("TimeUsed", 20))
# Slurm 24.11 may leave a job so for ever that begins while it is reconfigured.
IN_PROLOG = ["RUNNING", "Prolog"]
ON_NODES = "RUNNING,SUSPENDED,COMPLETING,CONFIGURING,STAGE_OUT,STOPPED"
MOST_JOBS = 10000


def is_up():
    """Whether slurmctld answers."""
    try:
        done = subprocess.run(["scontrol", "ping"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"is UP" in done.stdout


def drained_by(row):
    """Who drained a node, by its row."""
    words = re.sub(r"[^A-Z+_]", "", row[1].upper())
    reason = "" if row[5] == "none" else row[5]
    return owner({"states": set(words.split("+")), "reason": reason, "by": row[6]})


def main():
    """Asks and prints."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    found = {"up": is_up(), "nodes": [], "running": [], "in_prolog": [], "pending": 0}
    try:
        if found["up"]:
            # A node is in the list once per partition.
            nodes = {row[0]: row for row in table("sinfo", NODE, "--Node", "--all")}
            found["nodes"] = [[*row, drained_by(row)] for row in nodes.values()]
            found["pending"] = len(table("squeue", JOB[:1], "--all", "--states=PENDING"))
            jobs = table("squeue", JOB, "--all", f"--states={ON_NODES}")[:MOST_JOBS]
            found["running"] = [row[:2] for row in jobs]
            found["in_prolog"] = [[row[0], row[4]] for row in jobs if row[2:4] == IN_PROLOG]
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"slurmctld does not answer: {error}; next: look at `journalctl -u slurmctld` there")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
