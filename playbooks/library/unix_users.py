#!/usr/bin/python
"""Makes Unix users and groups of people the same on every node, with their SSH keys."""

from __future__ import annotations

DOCUMENTATION = r"""
module: unix_users
short_description: Unix users and groups with fixed numbers, and their SSH keys in a folder of root's
description:
  - Makes users and groups that are missing, and mends those that differ. Others are left alone.
  - A number or a name that is another account's here stops it before anything is touched.
options:
  groups:
    description: Groups with C(name) and C(gid).
    type: list
    elements: dict
    default: []
  users:
    description: Users, see provisioner.accounts.people.
    type: list
    elements: dict
    default: []
author: the provisioner project
"""

import os
import stat

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.file_writes import stage
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.sshd_keys import FOLDER, reads_ours, turn_on
from ansible.module_utils.unix_accounts import Node, group_work, membership_work, problems, user_work

LIMIT = 60


def key_work(users):
    """`(line, path, text)` of key files that differ; '' for one that is to go."""
    for user in users:
        path = f"{FOLDER}/{user['name']}"
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                there = stream.read()
        except OSError:
            there = ""
        if there != user["keys"]:
            yield f"user {user['name']}: SSH keys", path, user["keys"]


def home_work(users):
    """Users whose local home is missing. In a folder that the site named nothing is made."""
    return [user for user in users if user["make_home"] and not os.path.lexists(user["home"])]


def do(module, command):
    """Runs a command, which has to work."""
    code, out, err = run(*command, limit=LIMIT)
    if code != 0:
        module.fail_json(msg=f"{' '.join(command[:1])} did not work: {(err or out).strip()[:500]}")


def put_keys(work):
    """Writes and removes key files; the folder is root's."""
    os.makedirs(FOLDER, mode=0o755, exist_ok=True)
    for _, path, text in work:
        if text:
            entry = {"path": path, "owner": "root", "group": "root", "mode": "0644", "backup": False}
            stage(entry, text.encode()).put()
        elif os.path.lexists(path):
            os.unlink(path)


def make_home(module, user):
    """A home with what /etc/skel holds, for its owner only."""
    do(module, ["mkhomedir_helper", user["name"], "0077"])
    found = os.lstat(user["home"])
    if not stat.S_ISDIR(found.st_mode):
        module.fail_json(msg=f"{user['home']} is no folder")


def main():
    """Compares, changes, and prints a line for each change."""
    module = AnsibleModule(
        argument_spec={
            "groups": {"type": "list", "elements": "dict", "default": []},
            "users": {"type": "list", "elements": "dict", "default": [], "no_log": False},
        },
        supports_check_mode=True,
    )
    groups, users = module.params["groups"], module.params["users"]
    node = Node()
    if found := problems(node, groups, users):
        module.exit_json(changed=False, lines=[], problems=found, trouble="")
    work = [*group_work(node, groups), *(each for user in users for each in user_work(node, user))]
    work += membership_work(node, groups, users)
    keys = list(key_work(users))
    homes = home_work(users)
    sshd = any(user["keys"] for user in users) and not reads_ours()
    lines = [line for line, *_ in [*work, *keys]]
    lines += [f"user {user['name']}: home {user['home']}: absent -> folder" for user in homes]
    lines += ["sshd: reads keys of users from /etc/ssh/authorized_keys.d"] if sshd else []
    trouble = ""
    if not module.check_mode:
        for _, command in work:
            do(module, command)
        if keys:
            put_keys(keys)
        for user in homes:
            make_home(module, user)
        trouble = turn_on() if sshd else ""
    module.exit_json(changed=bool(lines), lines=lines, problems=[], trouble=trouble)


if __name__ == "__main__":
    main()
