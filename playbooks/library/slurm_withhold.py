#!/usr/bin/python
"""Takes nodes out of work whose hardware is not as on record, or whose installation is new."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_withhold
short_description: Drains nodes that lost hardware, or are to be proved first
description:
  - Drains each node with a reason that is known as ours and names what it lost; jobs that run go on.
  - A node that takes no jobs for another reason keeps that. One that slurmctld does not know is left out.
options:
  lost: {description: 'Per node what it lost, a line each.', type: dict, required: true}
  unproved:
    description: Nodes that take jobs once a verification has proved them.
    type: list
    elements: str
    default: []
author: the provisioner project
"""

RETURN = r"""
drained: {description: Nodes that were drained for lost hardware, type: list, returned: success}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.drain_owner import hold, withhold
from ansible.module_utils.slurm_nodes import order, order_updates, show_nodes


def apply(lost, unproved, check):
    """The names of those that lost hardware, and were in use until now.

    Raises:
        RuntimeError: slurmctld does not answer, or refuses.
    """
    nodes, drained = show_nodes(), []
    for name, lines in lost.items():
        update, begins = withhold(nodes.get(name), ", ".join(map(str, lines)))
        if update and not check:
            order("update", f"nodename={name}", *update)
        drained += [name] if begins else []
    order_updates({} if check else {name: hold(nodes.get(name)) for name in unproved})
    return drained


def main():
    """Drains them, and prints whom."""
    module = AnsibleModule(
        argument_spec={
            "lost": {"type": "dict", "required": True},
            "unproved": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        drained = apply(module.params["lost"], module.params["unproved"], module.check_mode)
    except (RuntimeError, OSError) as error:
        # A preview starts no slurmctld that is down.
        if module.check_mode:
            module.exit_json(changed=False, drained=[])
        module.fail_json(msg=f"slurmctld does not answer: {error}; next: look at `journalctl -u slurmctld` there")
    module.exit_json(changed=bool(drained), drained=drained)


if __name__ == "__main__":
    main()
