#!/usr/bin/python
"""Prepares a backup of a cluster on its controller and on the node of its database, of one moment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_backup
short_description: Prepares a backup of a cluster, of one moment
description:
  - C(look) fails where the database does not answer.
  - C(begin) stops slurmctld for a moment and copies its state, keys and configuration; C(end) lets it go on.
  - C(dump) takes a picture of the accounting database between those two; C(dumped) waits until it is written.
  - C(piece) reads what was prepared, with C(no_log); C(clean) removes it. However a run ends, slurmctld starts again.
  - A C(piece) does not fail, since C(no_log) would hide why; its answer may have C(refused).
options:
  step: {description: What to do., choices: [look, begin, dump, end, dumped, piece, clean], required: true}
  waits: {description: Whether slurmctld stays stopped until C(end)., type: bool, default: false}
  name: {description: Which file a piece is of., type: str, default: ''}
  offset: {description: Where the piece begins., type: int, default: 0}
author: the provisioner project
"""

import base64

from ansible.module_utils.backup_database import dump, dumped, tables
from ansible.module_utils.backup_stage import DUMP, FILES, STATE_COPY, begin, clean, end, piece
from ansible.module_utils.basic import AnsibleModule


def main():
    """Does the step."""
    module = AnsibleModule(
        argument_spec={
            "step": {"choices": ["look", "begin", "dump", "end", "dumped", "piece", "clean"], "required": True},
            "waits": {"type": "bool", "default": False},
            "name": {"type": "str", "default": ""},
            "offset": {"type": "int", "default": 0},
        },
    )
    step, name = module.params["step"], module.params["name"]
    try:
        if step == "piece":
            if name not in (FILES, STATE_COPY, DUMP):
                module.exit_json(refused="there is no such file")
            module.exit_json(content=base64.b64encode(piece(name, module.params["offset"])).decode())
        if step == "clean":
            clean()
            module.exit_json(changed=False)
        if step == "look":
            tables()
            module.exit_json(changed=False)
        if step == "begin":
            module.exit_json(changed=False, **begin(module.params["waits"]))
        module.exit_json(changed=False, **{"dump": dump, "end": end, "dumped": dumped}[step]())
    except (RuntimeError, OSError) as error:
        if step == "piece":
            module.exit_json(changed=False, refused=str(error))
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
