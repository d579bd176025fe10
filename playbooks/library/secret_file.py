#!/usr/bin/python
"""Reads a secret that a service account keeps, for other blades."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_file
short_description: Reads a secret that a service account keeps
description:
  - As C(slurp), but only a regular file of that very name, and no larger than a secret is. An account that owns the
    folder could otherwise hand out, over a link, what only root may read.
  - Does not fail, since C(no_log) would hide why; the answer has C(content) in base64, or C(refused) with the reason.
options:
  path: {description: Absolute path of the secret., type: path, required: true}
author: the provisioner project
"""

import base64

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.file_paths import Refused, reach
from ansible.module_utils.file_reads import MOST_SECRET_BYTES, read


def main():
    """Reads it, or says why not."""
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True, "no_log": False}}, supports_check_mode=True
    )
    try:
        with reach(module.params["path"]) as place:
            content, _ = read(place, MOST_SECRET_BYTES)
    except Refused as error:
        module.exit_json(changed=False, refused=str(error))
    except OSError as error:
        words = f"{module.params['path']} cannot be read: {error.strerror}; next: look at it on the blade"
        module.exit_json(changed=False, refused=words)
    module.exit_json(changed=False, content=base64.b64encode(content).decode())


if __name__ == "__main__":
    main()
