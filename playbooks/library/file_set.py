#!/usr/bin/python
"""A set of files, links and folders that belong together, in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: file_set
short_description: Writes files, links and folders that belong together
description:
  - One remote call for all files of a role, where copy and file would be one call each.
  - All files are staged and validated first, then put in place by rename in the given order. A file
    that does not validate leaves every file as it was. systemd reads its units anew where one of them was written.
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
  unchanged:
    description: Refuses to write when the text of one of these files is no longer this.
    type: dict
    default: {}
author: the provisioner project
"""

import base64
import re
import shlex

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.file_paths import Refused, owner, reach
from ansible.module_utils.file_reads import state
from ansible.module_utils.file_states import OPTIONS, wanted_state
from ansible.module_utils.file_writes import put_folder, put_link, set_aside, stage

# What systemd reads only when it is told to
UNITS = "/etc/systemd/system/"
# Lines of a refused file that a person is shown.
SHORT = 10


def content_of(entry):
    """The bytes of a file."""
    if entry["content_b64"] is not None:
        return base64.b64decode(entry["content_b64"])
    return (entry["content"] or "").encode()


def validate(module, command, staged):
    """'' when the command accepts the file, its words otherwise.

    Raises:
        Refused: another account could change the file between its words and ours.
    """
    if not staged.place.roots:
        raise Refused(f"{staged.place.path} is below a folder that is not root's; next: `chown root` that folder")
    code, out, err = module.run_command([part.replace("%s", staged.path) for part in shlex.split(command)])
    return "" if code == 0 else (err or out).strip() or f"{command} exits with {code}"


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


def shown(text, words):
    """Of a refused file the numbered lines that the words are about, for a person's eyes; a short one whole."""
    lines = text.splitlines()
    named = {int(number) for number in re.findall(r"\bline (\d{1,6})\b", words)}
    spoken = set(re.findall(r"[\w.-]+", words.lower()))
    meant = [
        number
        for number, line in enumerate(lines, 1)
        if number in named or line.partition("=")[0].strip().lower() in spoken or len(lines) <= SHORT
    ]
    return "\n".join(f"{number:4}  {lines[number - 1]}" for number in meant[:SHORT])


def main():
    """Compares, stages, validates, puts in place."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": OPTIONS},
            "unchanged": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        plan = compare(module)
        result = {"changed": bool(plan), "paths": [entry["path"] for entry, _, _ in plan]}
        if module._diff:
            result["diff"] = [
                difference(entry["path"], now, want) for entry, now, want in plan if entry["content_b64"] is None
            ]
        notes = [] if module.check_mode else apply(module, plan)
        if notes:
            result["provision_notes"] = notes
    except Refused as error:
        module.fail_json(msg=str(error))
    except (OSError, KeyError) as error:
        module.fail_json(msg=f"cannot write the files of this set: {error}")
    module.exit_json(**result)


def compare(module):
    """`(entry, now, want)` of every entry that is not as it should be."""
    for path, text in module.params["unchanged"].items():
        if state(path).get("content", b"") != text.encode():
            raise Refused(f"{path} was changed by somebody else during this run; run again")
    plan = []
    for entry in module.params["files"]:
        now, want = state(entry["path"]), wanted_state(entry, content_of(entry))
        kinds = {now["kind"], want["kind"]}
        if len(kinds - {"absent"}) > 1 and "folder" in kinds:
            raise Refused(in_the_way(entry["path"], now["kind"], want["kind"]))
        if now != want:
            plan.append((entry, now, want))
    return plan


def in_the_way(path, now, want):
    """Why something of another kind is left alone: a folder has content, and so may what a link leads to."""
    with reach(path) as place:
        whose = owner(place.status().st_uid)
    return (
        f"{path} is a {now} of {whose}, expected a {want}, and root neither follows nor removes it; "
        f"next: look at it with `ls -ld {path}` on the blade, put back what was there, and run again"
    )


def apply(module, plan):
    """Stages and validates every file, then puts all in place; a refused file stops before the first. Returns notes."""
    staged, notes = {}, []
    try:
        for entry, _, want in plan:
            if want["kind"] == "folder":
                aside = put_folder(entry)
                if aside:
                    noun = "entry" if aside == 1 else "entries"
                    notes.append(f"{aside} {noun} of {entry['path']} not root's, set aside as *.set-aside-*")
            elif want["kind"] == "file":
                staged[entry["path"]] = stage(entry, want["content"])
                words = validate(module, entry["validate"], staged[entry["path"]]) if entry["validate"] else ""
                if words:
                    module.fail_json(
                        msg=f"{entry['path']} does not parse and was not put in place: {words.splitlines()[0]}"
                        "; next: correct what it is made from; the file in use stays as it was",
                        evidence=shown(readable(want["content"]), words),
                    )
        for entry, _, want in plan:
            if want["kind"] == "absent":
                notes.append(f"{entry['path']} was in the way and is kept as {set_aside(entry['path'])}")
            elif want["kind"] == "link":
                put_link(entry["path"], want["content"])
            elif want["kind"] == "file":
                staged.pop(entry["path"]).put()
        if any(entry["path"].startswith(UNITS) for entry, _, _ in plan):
            module.run_command(["systemctl", "daemon-reload"], check_rc=True)
    finally:
        for leftover in staged.values():
            leftover.drop()
    return notes


if __name__ == "__main__":
    main()
