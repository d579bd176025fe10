#!/usr/bin/python
"""What has to be there before packages come, in one call: accounts with their ids, masks of daemons."""

from __future__ import annotations

DOCUMENTATION = r"""
module: before_packages
short_description: Makes accounts and masks that have to be there before packages come
description:
  - An account and its group get one id; the package that would take the next free one finds them.
  - A mask keeps the daemon of a package from starting before it is configured. What is at its place stays.
options:
  accounts:
    description: Lines of sysusers.d(5).
    type: list
    elements: str
    default: []
  quiet:
    description: Units to mask, with their suffix; C(unit_set) ends such a mask.
    type: list
    elements: str
    default: []
author: the provisioner project
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_software import QUIET, UNITS


def mask(names, folder=UNITS):
    """Masks units that nothing masks yet; returns whether there were any. systemd hears of it with their packages."""
    made = False
    for name in names:
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            os.symlink(QUIET, path)
            made = True
    return made


def main():
    """Makes them."""
    module = AnsibleModule(
        argument_spec={
            "accounts": {"type": "list", "elements": "str", "default": []},
            "quiet": {"type": "list", "elements": "str", "default": []},
        }
    )
    accounts, quiet = module.params["accounts"], module.params["quiet"]
    # Before systemd-sysusers, which takes the longer: a run that is killed here leaves masks, which are known as ours.
    changed = mask(quiet)
    if accounts:
        module.run_command(["systemd-sysusers", "--inline", *accounts], check_rc=True)
    module.exit_json(changed=changed or bool(accounts))


if __name__ == "__main__":
    main()
