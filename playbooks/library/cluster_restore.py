#!/usr/bin/python
"""Puts a backup of a cluster in place on its controller and on the node of its database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_restore
short_description: Puts a backup of a cluster in place
description:
  - C(look) and C(look_database) say what there is. C(fresh) makes the private folder into which C(piece) brings files.
  - C(load) puts the database in place, C(place) everything else, with slurmctld stopped. What lives is set aside.
  - C(finish) and C(finish_database) remove what only a call that died would need.
  - C(fresh) and C(piece) do not fail, since C(no_log) would hide why; their answer may have C(refused).
options:
  step:
    description: What to do.
    choices: [look, look_database, fresh, piece, load, place, finish, finish_database]
    required: true
  archive: {description: Id of the backup., type: str, default: ''}
  files: {description: 'The small files: path, owner and group.', type: list, elements: dict, default: []}
  wanted: {description: What to put in place., type: dict, default: {}}
  name: {description: Which file a piece is of., type: str, default: ''}
  offset: {description: Where the piece begins., type: int, default: 0}
  content: {description: The piece, in base64., type: str, default: ''}
author: the provisioner project
"""

import base64
import re
import tarfile
import zlib

import ansible.module_utils.restore_database as restore_database
import ansible.module_utils.restore_place as restore_place
from ansible.module_utils.basic import AnsibleModule

_NAME = re.compile(r"state|dump|[0-9a-f]{64}")


def work(given):
    """What came of the step."""
    step, archive = given["step"], given["archive"]
    if step == "look":
        return {"changed": False, **restore_place.look(given["files"], archive)}
    if step == "look_database":
        return {"changed": False, **restore_database.look(archive)}
    if step == "fresh":
        restore_place.fresh()
        return {"changed": False}
    if step == "piece":
        if not _NAME.fullmatch(given["name"]):
            raise RuntimeError("there is no such file")
        restore_place.add(given["name"], given["offset"], base64.b64decode(given["content"], validate=True))
        return {"changed": False}
    if step in ("load", "place"):
        told = restore_database.load(archive) if step == "load" else restore_place.place(given["wanted"])
        return {"changed": bool(told), "told": told}
    (restore_place if step == "finish" else restore_database).finish()
    return {"changed": False}


def main():
    """Does the step."""
    module = AnsibleModule(
        argument_spec={
            "step": {
                "choices": ["look", "look_database", "fresh", "piece", "load", "place", "finish", "finish_database"],
                "required": True,
            },
            "archive": {"type": "str", "default": ""},
            "files": {"type": "list", "elements": "dict", "default": []},
            "wanted": {"type": "dict", "default": {}},
            "name": {"type": "str", "default": ""},
            "offset": {"type": "int", "default": 0},
            "content": {"type": "str", "default": "", "no_log": True},
        },
    )
    try:
        module.exit_json(**work(module.params))
    except (RuntimeError, OSError, ValueError, KeyError, EOFError, tarfile.TarError, zlib.error) as error:
        if module.params["step"] in ("fresh", "piece"):
            module.exit_json(changed=False, refused=str(error))
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
