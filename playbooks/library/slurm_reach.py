#!/usr/bin/python
"""Whom this node reaches of its cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_reach
short_description: Whom this node of a Slurm cluster reaches
description:
  - Connects to slurmctld, to a port such as srun listens on, and to the slurmd of other nodes; changes nothing.
options:
  name:
    description: Name of this node.
    type: str
    required: true
  peers:
    description: Other nodes, each as C(name:address:port).
    type: list
    elements: str
    default: []
  servers:
    description: Where slurmctld listens, as C(address:port), several separated by commas.
    type: str
    required: true
  srun_port:
    description: A port on which a job's srun may listen on the controller.
    type: int
    default: 50000
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_reach import CONTROLLER, SRUN, asked_here, controllers, environment, unreached


def main():
    """Tries, and prints whom it does not reach."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "peers": {"type": "list", "elements": "str", "default": []},
            "servers": {"type": "str", "required": True},
            "srun_port": {"type": "int", "default": 50000},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    servers = controllers(wanted["servers"])
    for server in servers[:1]:
        servers = [*servers, f"{SRUN}:{server.partition(':')[2].rpartition(':')[0]}:{wanted['srun_port']}"]
    said = asked_here(environment(wanted["peers"], servers, wanted["name"]))
    peers = [place.partition(":")[0] for place in wanted["peers"]]
    module.exit_json(changed=False, unreached=unreached(said, [CONTROLLER, SRUN, *peers]))


if __name__ == "__main__":
    main()
