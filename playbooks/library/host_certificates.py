#!/usr/bin/python
"""Signs host keys of a node; done on the controlling machine by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_certificates
short_description: Sign host keys of a node by the host CA of the site
description:
  - Signs on the machine that runs Ansible, which has the key of the CA, and asks no node.
  - Returns C(certificates), the text of each by kind of key.
options:
  signer:
    description: The file of the private key of the CA.
    type: path
    required: true
  node:
    description: Whose keys these are, for people.
    type: str
    required: true
  keys:
    description: The public host keys of the node, as type and base64.
    type: list
    elements: str
    required: true
  kinds:
    description: The kinds of keys to sign, such as ed25519.
    type: list
    elements: str
    required: true
  names:
    description: The names and addresses that the certificates are good for.
    type: list
    elements: str
    required: true
  days:
    description: How long they are good.
    type: int
    required: true
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule


def main():
    """Fails: the key of the CA never leaves the controlling machine."""
    words = {"type": "list", "elements": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "signer": {"type": "path", "required": True},
            "node": {"type": "str", "required": True},
            "keys": {**words, "no_log": False},
            "kinds": words,
            "names": words,
            "days": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    module.fail_json(
        msg="the action plugin host_certificates is not there; next: add playbooks/action_plugins to ansible.cfg"
    )


if __name__ == "__main__":
    main()
