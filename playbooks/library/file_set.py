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
      mode: {description: Octal mode., type: str, default: '0644'}
      owner: {description: Owner., type: str, default: root}
      group: {description: Group., type: str, default: root}
      backup: {description: Keeps the replaced content beside it., type: bool, default: false}
      validate: {description: Command that must accept the staged file (%s)., type: str}
  unchanged:
    description: Refuses to write when the text of one of these files is no longer this.
    type: dict
    default: {}
author: the provisioner project
"""

import base64
import errno
import grp
import os
import pwd
import shlex
import shutil
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.file_states import OPTIONS, state, wanted_state


def content_of(entry):
    """The bytes of a file."""
    if entry["content_b64"] is not None:
        return base64.b64decode(entry["content_b64"])
    return (entry["content"] or "").encode()


def own(path, entry):
    """Owner, group and mode of a file or folder."""
    os.chown(path, pwd.getpwnam(entry["owner"]).pw_uid, grp.getgrnam(entry["group"]).gr_gid)
    os.chmod(path, int(entry["mode"], 8))


def stage(module, entry, content):
    """The content in a new file beside its place, validated; returns its path.

    Written with 0600 first: a secret is never readable by others, not even for a moment.
    """
    path = entry["path"]
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    staged = f"{os.path.dirname(path)}/.{os.path.basename(path)}.provision-new"
    if os.path.lexists(staged):
        os.unlink(staged)
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        own(staged, entry)
    except (OSError, KeyError):
        os.unlink(staged)
        raise
    return staged, validate(module, entry["validate"], staged) if entry["validate"] else ""


def validate(module, command, staged):
    """'' when the command accepts the file, its words otherwise."""
    code, out, err = module.run_command([part.replace("%s", staged) for part in shlex.split(command)])
    return "" if code == 0 else (err or out).strip() or f"{command} exits with {code}"


def put(entry, want, staged):
    """Puts one entry in place."""
    path = entry["path"]
    if want["kind"] == "folder":
        os.makedirs(path, exist_ok=True)
        own(path, entry)
    elif want["kind"] == "link":
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        new = path + ".provision-new"
        if os.path.lexists(new):
            os.unlink(new)
        os.symlink(want["content"], new)
        os.replace(new, path)
    else:
        if entry["backup"] and os.path.exists(path):
            shutil.copy2(path, "{}.{}".format(path, time.strftime("%Y%m%dT%H%M%S")))
        replace(staged, path)


def replace(staged, path):
    """Renames the staged file into place; a file that is itself a mount point (containers) is rewritten."""
    try:
        os.replace(staged, path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        shutil.copyfile(staged, path)
        os.unlink(staged)


def difference(path, now, want):
    """One entry of Ansible's diff: the content, and the attributes where they differ."""
    keys = [key for key in ("kind", "mode", "owner", "group") if now.get(key) != want.get(key)]
    head = [" ".join("{}={}".format(key, side.get(key, "-")) for key in keys) for side in (now, want)]
    texts = [readable(side.get("content", "")) for side in (now, want)]
    before, after = ("{}\n{}".format(*pair) if pair[0] else pair[1] for pair in zip(head, texts))
    return {"before_header": path, "after_header": path, "before": before, "after": after}


def readable(content):
    """Content for a person's eyes."""
    return content.decode(errors="replace") if isinstance(content, bytes) else content


def numbered(text):
    """A refused file with line numbers, for a person's eyes."""
    return "\n".join(f"{number:4}  {line}" for number, line in enumerate(text.splitlines(), 1))


def main():
    """Compares, stages, validates, puts in place."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": OPTIONS},
            "unchanged": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    for path, text in module.params["unchanged"].items():
        if state(path).get("content", b"") != text.encode():
            module.fail_json(msg=f"{path} was changed by somebody else during this run; run again")
    plan = []
    for entry in module.params["files"]:
        now = state(entry["path"])
        want = wanted_state(entry, content_of(entry))
        if now["kind"] == "folder" and want["kind"] != "folder":
            module.fail_json(msg="{} is a folder, expected a {}".format(entry["path"], want["kind"]))
        if now != want:
            plan.append((entry, now, want))
    result = {
        "changed": bool(plan),
        "paths": [entry["path"] for entry, _, _ in plan],
    }
    if module._diff:
        result["diff"] = [
            difference(entry["path"], now, want) for entry, now, want in plan if entry["content_b64"] is None
        ]
    if not module.check_mode:
        apply(module, plan)
    module.exit_json(**result)


def apply(module, plan):
    """Stages and validates every file, then puts all in place; a refused file stops before the first."""
    staged = {}
    try:
        for entry, _, want in plan:
            if want["kind"] == "folder":
                put(entry, want, None)
            elif want["kind"] == "file":
                staged[entry["path"]], words = stage(module, entry, want["content"])
                if words:
                    module.fail_json(
                        msg=f"{entry['path']} does not parse and was not put in place: {words.splitlines()[0]}"
                        "; next: correct what it is made from; the file in use stays as it was",
                        evidence=numbered(readable(want["content"])),
                    )
        for entry, _, want in plan:
            if want["kind"] != "folder":
                put(entry, want, staged.pop(entry["path"], None))
    except (OSError, KeyError) as error:
        module.fail_json(msg=f"cannot write the files of this set: {error}")
    finally:
        for leftover in staged.values():
            if os.path.lexists(leftover):
                os.unlink(leftover)


if __name__ == "__main__":
    main()
