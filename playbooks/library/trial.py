#!/usr/bin/python
"""Puts files that could lock everybody out on trial, and confirms or takes them back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: trial
short_description: Put files that could lock everybody out on trial
description:
  - Puts files in place, and has the node take them back by itself unless they are confirmed in time, after a boot too.
  - A task gives no O(step). Its action plugin begins, opens a second SSH session as the same user, which becomes root,
    confirms over that, and has the files taken back where this does not work.
options:
  name:
    description: Of the trial; what a dead run left under this name is taken back first.
    type: str
    required: true
  files:
    description: What has to be there, see file_set; files only.
    type: list
    elements: dict
    default: []
  apply:
    description: The command that makes the files count; none where they are read anew each time.
    type: list
    elements: str
    default: []
  undo:
    description: The command that does so once the files of before are back; also run at boot, before sshd.
    type: list
    elements: str
    default: []
  proofs:
    description: Commands that have to work before the change lasts, by the words that say what does not.
    type: dict
    default: {}
  patience:
    description: Seconds until the node takes the files back.
    type: int
    default: 90
  step:
    description: What the action plugin asks for.
    choices: [begin, confirm, take_back]
    type: str
    default: begin
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.file_paths import Refused
from ansible.module_utils.file_plan import Unfit
from ansible.module_utils.file_states import OPTIONS
from ansible.module_utils.trial import Lost, Trial

WORDS = {"type": "list", "elements": "str", "default": []}


def main():
    """Does one step."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "files": {"type": "list", "elements": "dict", "default": [], "options": OPTIONS},
            "apply": WORDS,
            "undo": WORDS,
            "proofs": {"type": "dict", "default": {}},
            "patience": {"type": "int", "default": 90},
            "step": {"type": "str", "default": "begin", "choices": ["begin", "confirm", "take_back"]},
        },
    )
    asked, trial = module.params, Trial(module.params["name"])
    paths, lasts = [], False
    try:
        if asked["step"] == "begin":
            paths = trial.begin(asked["files"], asked["apply"], asked["undo"], asked["patience"])
        elif asked["step"] == "confirm":
            trial.confirm(asked["proofs"])
        else:
            lasts = trial.take_back(asked["files"])
    except Unfit as error:
        module.fail_json(msg=str(error), evidence=error.evidence)
    except (Lost, Refused) as error:
        module.fail_json(msg=str(error))
    except (OSError, KeyError) as error:
        module.fail_json(msg=f"cannot write what comes on trial: {error}")
    module.exit_json(changed=bool(paths), paths=paths, lasts=lasts)


if __name__ == "__main__":
    main()
