#!/usr/bin/python
"""Shows who holds the lock of the cluster, and takes it away on demand."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_unlock
short_description: Shows or removes the lock of the cluster
description:
  - Says which run holds the lock of the cluster on its controller.
  - With the token of that run it ends the process that holds the lock; the run itself is not stopped.
options:
  token:
    description: The token of the holder whose lock is removed; by default nothing is removed.
    type: str
    default: ''
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.cluster_lock import FOLDER, look, release


def main():
    """Looks, removes when told to, and prints the holder."""
    module = AnsibleModule(
        argument_spec={"token": {"type": "str", "default": "", "no_log": False}},
        supports_check_mode=True,
    )
    token = module.params["token"]
    try:
        holder = look()
        named = bool(token) and holder.get("token") == token
        removed = named and (module.check_mode or release(token))
    except OSError as error:
        module.fail_json(msg=f"the lock of the cluster cannot be read: {error}; next: look at {FOLDER} on this blade")
    module.exit_json(changed=removed, holder=holder)


if __name__ == "__main__":
    main()
