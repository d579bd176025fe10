#!/usr/bin/python
"""What board stands in a blade's place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: board_look
short_description: What board stands in a blade's place
description:
  - Tells what identifies a board, and what it is made of. Changes nothing.
options: {}
author: the provisioner project
"""

RETURN = r"""
board: {description: 'machine_id, cpu, memory_mib and parts, as blade_facts has them.', type: dict, returned: success}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_disks.parts import parts
from ansible.module_utils.blade_machine import cpu, memory_mib, text


def main():
    """Looks, and prints it."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    board = {
        "machine_id": text("/etc/machine-id").strip(),
        "cpu": cpu(),
        "memory_mib": memory_mib(),
        "parts": parts(),
    }
    module.exit_json(changed=False, board=board)


if __name__ == "__main__":
    main()
