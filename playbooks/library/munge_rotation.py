#!/usr/bin/python
"""The steps of a rotation of munge's key on one node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: munge_rotation
short_description: The steps of a rotation of munge's key
description:
  - C(look) says what the node has. C(make) stages another key on the controller, C(stage) on the other nodes.
  - C(moment) is a time by the clock of the controller, C(arm) tells each node of it; then each changes its key by
    itself, whatever becomes of the run. C(wait) returns once the controller has. C(vouch), C(prove) and C(accept) show
    that it works.
  - C(drop) takes back what was staged, C(finish) removes the key of before.
  - C(make) and C(stage) do not fail, since C(no_log) would hide why; their answer may have C(refused).
options:
  step:
    description: What to do.
    choices: [look, make, stage, moment, arm, wait, vouch, prove, accept, drop, finish]
    required: true
  controls: {description: Whether this is the controller., type: bool, default: false}
  salt: {description: Random text that makes digests worthless after this run., type: str, default: ''}
  undo: {description: Whether C(make) takes the key of before., type: bool, default: false}
  by: {description: Who rotates., type: str, default: ''}
  content: {description: The key in base64., type: str, default: ''}
  was: {description: Digest of the key that the node has to have now., type: str, default: ''}
  program: {description: The program that changes the key., type: str, default: ''}
  server: {description: Where slurmctld listens., type: str, default: ''}
  at: {description: When the key is changed (epoch)., type: float, default: 0}
  lead: {description: Seconds until then., type: float, default: 0}
  credential: {description: A credential of the controller., type: str, default: ''}
  credentials: {description: Credentials by node., type: dict, default: {}}
author: the provisioner project
"""

import base64
import time

import ansible.module_utils.munge_rotation as rotation
from ansible.module_utils.basic import AnsibleModule

_SECRET = ("make", "stage")


def work(given):
    """What came of the step."""
    step, salt, controls = given["step"], given["salt"], given["controls"]
    if step == "look":
        return {"changed": False, **rotation.look(salt, controls)}
    if step == "make":
        content = rotation.make(given["undo"], given["by"])
        return {"changed": False, "content": base64.b64encode(content).decode()}
    if step == "stage":
        content = base64.b64decode(given["content"], validate=True)
        rotation.stage(content, given["was"], salt, given["program"], given["server"])
        return {"changed": False}
    if step == "moment":
        return {"changed": False, "at": time.time() + given["lead"]}
    if step == "arm":
        rotation.arm(given["at"], given["lead"], given["program"])
        return {"changed": False}
    if step == "wait":
        return {"changed": False, "rotation": rotation.wait()}
    if step == "vouch":
        return {"changed": False, "credential": rotation.vouch()}
    if step == "prove":
        return {"changed": False, **rotation.prove(given["credential"], salt)}
    if step == "accept":
        return {"changed": False, "codes": rotation.accept(given["credentials"])}
    if step == "drop":
        rotation.drop(controls)
        return {"changed": False}
    return {"changed": rotation.finish()}


def main():
    """Does the step."""
    module = AnsibleModule(
        argument_spec={
            "step": {
                "choices": [
                    "look", "make", "stage", "moment", "arm", "wait", "vouch", "prove", "accept", "drop", "finish",
                ],
                "required": True,
            },
            "controls": {"type": "bool", "default": False},
            "salt": {"type": "str", "default": ""},
            "undo": {"type": "bool", "default": False},
            "by": {"type": "str", "default": ""},
            "content": {"type": "str", "default": "", "no_log": True},
            "was": {"type": "str", "default": ""},
            "program": {"type": "str", "default": ""},
            "server": {"type": "str", "default": ""},
            "at": {"type": "float", "default": 0},
            "lead": {"type": "float", "default": 0},
            "credential": {"type": "str", "default": ""},
            "credentials": {"type": "dict", "default": {}},
        },
    )  # fmt: skip
    try:
        module.exit_json(**work(module.params))
    except (RuntimeError, OSError, ValueError) as error:
        words = str(error) if isinstance(error, RuntimeError) else f"{error}; next: make room there"
        if module.params["step"] in _SECRET:
            module.exit_json(changed=False, refused=words)
        module.fail_json(msg=words)


if __name__ == "__main__":
    main()
