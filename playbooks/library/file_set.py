#!/usr/bin/python
"""A set of files, links and folders that belong together, in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: file_set
short_description: Writes files, links and folders that belong together
description:
  - One remote call for all files of a role, where copy and file would be one call each.
  - All files are staged and validated first, then put in place by rename in the given order. A file
    that does not validate leaves every file as it was.
  - No link is followed below a folder that another account than root can write to. A link, a FIFO or a device in
    the place of a file or link is replaced itself; in the place of a folder it is refused.
options:
  files:
    description: What has to be there.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      content: {description: Text of the file., type: str}
      content_b64: {description: Content of the file in base64 for what is not text., type: str}
      link: {description: Makes the path a symbolic link to this., type: str}
      folder: {description: Makes the path a folder., type: bool, default: false}
      aside: {description: Renames what is at the path beside its place., type: bool, default: false}
      mode: {description: Octal mode., type: str, default: '0644'}
      owner: {description: Owner., type: str, default: root}
      group: {description: Group., type: str, default: root}
      backup: {description: Keeps the replaced content beside it., type: bool, default: false}
      distrust:
        description: Sets aside what in a folder is a link or not root's, whenever the folder itself was not as wanted.
        type: bool
        default: false
      validate: {description: Command that must accept the staged file (%s)., type: str}
  reload:
    description: Lets systemd read its units anew where one of them was written.
    type: bool
    default: true
  unchanged:
    description: Refuses to write when the text of one of these files is no longer this.
    type: dict
    default: {}
author: the provisioner project
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.file_paths import Refused
from ansible.module_utils.file_plan import Unfit, compare, put, readable
from ansible.module_utils.file_reads import state
from ansible.module_utils.file_states import OPTIONS

# What systemd reads only when it is told to
UNITS = "/etc/systemd/system/"


def difference(path, now, want):
    """One entry of Ansible's diff: the content, and the attributes where they differ."""
    keys = [key for key in ("kind", "mode", "owner", "group") if now.get(key) != want.get(key)]
    head = [" ".join("{}={}".format(key, side.get(key, "-")) for key in keys) for side in (now, want)]
    texts = [readable(side.get("content", "")) for side in (now, want)]
    before, after = ("{}\n{}".format(*pair) if pair[0] else pair[1] for pair in zip(head, texts))
    return {"before_header": path, "after_header": path, "before": before, "after": after}


def main():
    """Compares, stages, validates, puts in place."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": OPTIONS},
            "reload": {"type": "bool", "default": True},
            "unchanged": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        refuse_changed(module.params["unchanged"])
        plan = compare(module.params["files"])
        result = {"changed": bool(plan), "paths": [entry["path"] for entry, _, _ in plan]}
        if module._diff:
            result["diff"] = [
                difference(entry["path"], now, want) for entry, now, want in plan if entry["content_b64"] is None
            ]
        notes = [] if module.check_mode else apply(module, plan)
        if notes:
            result["provision_notes"] = notes
    except Unfit as error:
        module.fail_json(msg=str(error), evidence=error.evidence)
    except Refused as error:
        module.fail_json(msg=str(error))
    except (OSError, KeyError) as error:
        module.fail_json(msg=f"cannot write the files of this set: {error}")
    module.exit_json(**result)


def refuse_changed(texts):
    """Raises Refused where a file has not the text that the run has seen."""
    for path, text in texts.items():
        if state(path).get("content", b"") != text.encode():
            raise Refused(f"{path} was changed by somebody else during this run; run again")


def apply(module, plan):
    """Puts all in place, and may let systemd read its units anew. Returns notes."""
    notes = put(plan, module.run_command)
    if module.params["reload"] and any(entry["path"].startswith(UNITS) for entry, _, _ in plan):
        module.run_command(["systemctl", "daemon-reload"], check_rc=True)
    return notes


if __name__ == "__main__":
    main()
