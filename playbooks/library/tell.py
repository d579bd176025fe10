#!/usr/bin/python
"""What the task `tell` is given; its action plugin does the work, and nothing is run on a node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tell
short_description: Tell what a run changed, a line each
description:
  - Hands lines to the summary of a run, also in check mode. Runs on the machine of the person only.
options:
  changed:
    description: What this run changed, or in check mode would change; with any line the task counts as changed.
    type: list
    elements: str
    default: []
  notes:
    description: What a person should know besides.
    type: list
    elements: str
    default: []
  troubles:
    description: What does not work on a node while the cluster does, each with its next step; the run is degraded.
    type: list
    elements: str
    default: []
  left:
    description: What a scheduled run leaves for later on a node, a line each.
    type: list
    elements: str
    default: []
  because:
    description: Why it leaves that.
    type: str
  waits:
    description: Whom or what the next task of the node waits for; progress shows it, the summary does not.
    type: str
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule


def main():
    """Fails: a node has no say in what is told."""
    options = {"type": "list", "elements": "str", "default": []}
    arguments = {"changed": options, "notes": options, "troubles": options, "left": options}
    arguments |= {"because": {"type": "str"}, "waits": {"type": "str"}}
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    module.fail_json(msg="the action plugin tell is not there; next: add playbooks/action_plugins to ansible.cfg")


if __name__ == "__main__":
    main()
