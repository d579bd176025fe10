#!/usr/bin/python
"""Asks sacctmgr what a cluster's accounts are, and gives it commands; what they are is decided on the other side."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_accounts
short_description: Reads accounts, associations, users and QOS of a Slurm cluster, and runs commands of sacctmgr
description:
  - Asks sacctmgr in one call, together with the jobs that the answers are about.
  - Or runs commands one after the other. A command that says that there was nothing to do is none that failed.
  - What removes something is only run when everything before it worked.
options:
  reads:
    description: Commands whose output is wanted, by name. One that prints nothing is asked again for a while.
    type: dict
    default: {}
  patience:
    description: Seconds for which slurmdbd, or a cluster that registers for the first time, is waited for.
    type: int
    default: 0
  people:
    description: Whether the Unix accounts of Slurm's users are wanted, too.
    type: bool
    default: false
  commands:
    description: Commands to run.
    type: list
    elements: list
    default: []
  removals:
    description: Commands to run after those.
    type: list
    elements: list
    default: []
author: the provisioner project
"""

import grp
import pwd
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_table import table

JOB = (("JobID", 20), ("UserName", 40), ("Account", 80), ("QOS", 80), ("Partition", 400))
ALIVE = "RUNNING,SUSPENDED,COMPLETING,CONFIGURING,STAGE_OUT,STOPPED,PENDING"
MOST_JOBS = 10000
MOST_USERS = 20000
# A command over hundreds of users takes about a second; slurmdbd writes to a disk that others use as well.
LIMIT = 120
_WORDS = 2000
# What sacctmgr says, with exit code 1, where all is as it shall be.
_NOTHING = ("Nothing new added", "Nothing added", "Nothing removed", "Nothing modified", "Nothing deleted")
_REFUSED = ("doesn't exist", "don't have access to their default qos", "Changes Discarded")


def answers(reads, patience):
    """What the commands print, by name, and why one of them failed: a row always comes where slurmdbd works."""
    end = time.monotonic() + patience
    while True:
        found, words = {}, ""
        for name, command in reads.items():
            code, out, err = run(*command, limit=LIMIT)
            found[name] = out
            if code != 0 or not out.strip():
                words = (err or out).strip()[:_WORDS] or "sacctmgr says nothing of this cluster"
                break
        if not words or time.monotonic() >= end:
            return found, words
        # Each round asks slurmdbd for everything anew.
        time.sleep(1)


def jobs():
    """The jobs that are there, as far as slurmctld answers."""
    try:
        return table("squeue", JOB, "--all", f"--states={ALIVE}")[:MOST_JOBS]
    except (RuntimeError, OSError):
        return None


def unix_account(name):
    """The account of a name on this node, None where there is none."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    try:
        group = grp.getgrgid(found.pw_gid).gr_name
    except KeyError:
        group = ""
    return {"uid": found.pw_uid, "gid": found.pw_gid, "group": group, "home": found.pw_dir, "shell": found.pw_shell}


def execute(commands):
    """Runs them all: `[position, words]` of each that failed."""
    failed = []
    for place, command in enumerate(commands):
        code, out, err = run(*command, limit=LIMIT)
        said = f"{err}\n{out}".strip()
        # It also says so where what the command names is not there, and refuses some things with exit code 0.
        fine = code == 0 or any(words in said for words in _NOTHING)
        if not fine or any(words in said for words in _REFUSED):
            failed.append([place, said[:_WORDS]])
    return failed


def main():
    """Asks, or runs, and prints."""
    module = AnsibleModule(
        argument_spec={
            "reads": {"type": "dict", "default": {}},
            "patience": {"type": "int", "default": 0},
            "people": {"type": "bool", "default": False},
            "commands": {"type": "list", "elements": "list", "default": []},
            "removals": {"type": "list", "elements": "list", "default": []},
        },
        supports_check_mode=True,
    )
    given = module.params
    if given["reads"]:
        found, words = answers(given["reads"], given["patience"])
        names = [line.split("|")[0] for line in found.get("users", "").splitlines()] if given["people"] else []
        people = {name: unix_account(name) for name in names[:MOST_USERS]}
        module.exit_json(changed=False, answers=found, trouble=words, jobs=jobs(), people=people)
    if module.check_mode:
        module.exit_json(changed=bool(given["commands"] or given["removals"]), failed_commands=[], skipped=0)
    failed = execute(given["commands"])
    skipped = len(given["removals"]) if failed else 0
    if not failed:
        failed = [[place + len(given["commands"]), said] for place, said in execute(given["removals"])]
    module.exit_json(changed=bool(given["commands"] or given["removals"]), failed_commands=failed, skipped=skipped)


if __name__ == "__main__":
    main()
