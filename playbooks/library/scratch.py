#!/usr/bin/python
"""Ansible module: guarded scratch disks, everything in one call per blade."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scratch
short_description: Turn empty disks into mounted XFS scratch, and refuse every other disk
description:
  - Inspects all disks read-only, decides, formats only disks that are empty, mounts by label.
  - A disk with any signature, partition, holder, user or content is refused with what was found and the next step.
  - A disk is formatted only if a person named it, by C(id) or by announcing the blade; otherwise it waits.
  - A filesystem with our label (PROV-SCR-1, PROV-SCR-2, ...) that was made for this very disk is adopted.
options:
  state:
    description: C(report) only tells what every disk is.
    choices: [present, report]
    default: present
    type: str
  disks:
    description: The wanted disks; each is a size class in GB (10^9 bytes), with C(id) this very disk.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: A name in /dev/disk/by-id.
        type: str
      size_gb:
        description: Size as the label of the disk says it.
        type: int
        required: true
  layout:
    description: C(plain) is one filesystem per disk, C(striped) one LVM stripe over all of them.
    choices: [plain, striped]
    default: plain
    type: str
  mount_point:
    description: Where the first filesystem is mounted; further ones get 2, 3, ... appended.
    type: str
    default: /scratch
  announced:
    description: Names the announcement of this blade as new or reimaged, which counts once; '' for none.
    type: str
    default: ''
  prove:
    description: C(dense) reads both ends and 2,300 places before it formats, C(full) all of the disk in the background.
    choices: [dense, full]
    default: dense
    type: str
author: Provisioner
"""

EXAMPLES = r"""
- name: Use this disk as scratch
  scratch:
    disks:
      - size_gb: 300
        id: /dev/disk/by-id/wwn-0x600508b1001c3a5e
"""

RETURN = r"""
disks:
  description: Every whole disk of the blade with verdict (boot, scratch, free, used) and evidence.
  type: list
  returned: always
evidence:
  description: The same as lines for a person.
  type: str
  returned: failure
mounts:
  description: Each with label, mount_point, device and size_mib (0 before the mount, in check mode).
  type: list
  returned: success
waiting:
  description: Scratch that does not come yet, with disk, size_gb, model, mount_point, and read (per cent) while
    the disk is read; null where a person has to allow it first.
  type: list
  returned: success
actions:
  description: What was done, or would be done in check mode.
  type: list
  returned: success
lines:
  description: The same for a person, a line for each disk or mount point.
  type: list
  returned: success
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_disks.machine import Machine
from ansible.module_utils.blade_disks.model import Refusal, Wanted
from ansible.module_utils.blade_disks.scratch import Allowed, converge, reports

ARGUMENTS = {
    "state": {"choices": ["present", "report"], "default": "present"},
    "disks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"id": {"type": "str"}, "size_gb": {"type": "int", "required": True}},
    },
    "layout": {"choices": ["plain", "striped"], "default": "plain"},
    "mount_point": {"type": "path", "default": "/scratch"},
    "announced": {"type": "str", "default": ""},
    "prove": {"choices": ["dense", "full"], "default": "dense"},
}


def main() -> None:
    """Run the module; any refusal fails this blade with one sentence and the next step."""
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    machine = Machine()
    if module.params["state"] == "report":
        module.exit_json(changed=False, disks=reports(machine))
    try:
        result: dict[str, Any] = converge(
            machine,
            [Wanted(disk["size_gb"], disk["id"]) for disk in module.params["disks"]],
            module.params["layout"],
            str(Path(module.params["mount_point"])),
            module.check_mode,
            Allowed(module.params["announced"], module.params["prove"]),
        )
    except Refusal as refusal:
        found = reports(machine)
        module.fail_json(
            msg=f"scratch refused: {refusal.message}; next: {refusal.next_step}",
            disks=found,
            evidence="\n".join(f"{disk['path']}: {'; '.join(disk['evidence']) or 'empty'}" for disk in found),
        )
    for warning in result.pop("warnings"):
        module.warn(warning)
    for one in result["waiting"]:
        state = "needs an id in the plan or an announced blade" if one["read"] is None else f"is read: {one['read']} %"
        module.warn(f"{one['mount_point']} waits: {one['disk']} {state}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
