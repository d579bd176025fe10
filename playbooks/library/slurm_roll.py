#!/usr/bin/python
"""The part of a rolling run on the controller: takes nodes out of work, gives them back, has Slurm reboot them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_roll
short_description: One step of a rolling run
description:
  - Says how every node of the cluster stands, after it has done O(do) with O(nodes).
  - Nodes that somebody else took out of work are left as they are, and told. Reboots are Slurm's own.
  - With O(wait) it answers once none of O(nodes) has a job any more, waits for its boot or has to be asked by a
    slurmctld that has just started, or when that time is over.
  - Keeps a note of the run on this machine, so that two of them are never at work at once.
options:
  do:
    description:
      - C(look) only looks, C(hear) notes besides that the run is at work.
      - C(begin) makes the note the run's, C(take) drains nodes or says how far they are, C(back) gives them back,
        C(reboot) has them reboot, C(end) ends the note and C(whole) removes it.
    choices: [look, hear, begin, take, back, reboot, end, whole]
    required: true
  nodes: {description: Node names., type: list, elements: str, default: []}
  words_b64:
    description: Run id, phase and what is done, in base64, so that nobody takes words of a person for a template.
    type: str
    default: ''
  owner: {description: Who it is., type: dict, default: {}}
  instead: {description: The run that is known to be over., type: str, default: ''}
  kind: {description: What is done., type: str, default: ''}
  fresh: {description: Whether to forget what a former run had done., type: bool, default: false}
  done: {description: Nodes that were rebooted., type: list, elements: str, default: []}
  wait: {description: Seconds to wait at most., type: int, default: 0}
author: the provisioner project
"""

RETURN = r"""
nodes:
  description: Per node its name, C(states), C(silent), C(version), C(reason), C(partitions) and C(boot).
  type: list
  returned: success
running: {description: Per job on nodes its number and its nodes., type: list, returned: success}
result:
  description: What came of each of the nodes (drained, resumed, ready, kept, missing, reboots).
  type: dict
  returned: success
note: {description: What is known of the rolling run of this cluster., type: dict, returned: success}
age: {description: Seconds since that run was heard of., type: float, returned: success}
ours: {description: Whether the note is that of the run that asks., type: bool, returned: success}
"""

import base64
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.drain_owner import roll, unroll
from ansible.module_utils.rolling_note import claim, end, heard, read
from ansible.module_utils.slurm_jobs import ON_NODES
from ansible.module_utils.slurm_nodes import order, order_updates, show_nodes
from ansible.module_utils.slurm_table import table

_JOB = (("JobID", 20), ("NodeList", 4000))
_POLL_SECONDS = 1
# Jobs are on it, its boot is awaited, or a slurmctld that has just started has not heard of it yet.
_TO_WAIT_FOR = {"MIXED", "ALLOCATED", "COMPLETING", "REBOOT_REQUESTED", "REBOOT_ISSUED", "UNKNOWN"}
REBOOT = "reboot"


def act(wanted):
    """What came of each node.

    Raises:
        RuntimeError: slurmctld does not answer, or refuses.
    """
    if wanted["do"] == REBOOT:
        return _reboot(wanted["nodes"])
    if wanted["do"] not in ("take", "back"):
        return {}
    words = base64.b64decode(wanted["words_b64"]).decode()
    before, found, due = show_nodes(), {}, {}
    for name in wanted["nodes"]:
        found[name], updates = roll(before.get(name), words) if wanted["do"] == "take" else unroll(before.get(name))
        due[name] = updates
    order_updates(due)
    return found


def _reboot(names):
    """Slurm reboots nodes that are drained and have no jobs; they stay drained.

    With another state to come, and on 22.05 with ASAP, the drain would end at the boot, before the node is proved.
    """
    order("reboot", ",".join(names))
    return dict.fromkeys(names, "reboots")


def jobs():
    """Per job on nodes its number and its nodes."""
    return table("squeue", _JOB, "--all", f"--states={ON_NODES}")


def look(names, seconds):
    """The nodes and the jobs, once nothing is to be waited for on these nodes or the time is over."""
    over = time.monotonic() + seconds
    while True:
        # Jobs first: one that begins between the two questions is one of a node that is not drained.
        running, nodes = jobs(), show_nodes()
        waits = [name for name in names if name in nodes and nodes[name]["states"] & _TO_WAIT_FOR]
        if not waits or time.monotonic() >= over:
            return nodes, running
        time.sleep(_POLL_SECONDS)


def main():
    """Does the step, and prints how the cluster stands."""
    module = AnsibleModule(
        argument_spec={
            "do": {"choices": ["look", "hear", "begin", "take", "back", REBOOT, "end", "whole"], "required": True},
            "nodes": {"type": "list", "elements": "str", "default": []},
            "words_b64": {"type": "str", "default": ""},
            "owner": {"type": "dict", "default": {}},
            "instead": {"type": "str", "default": ""},
            "kind": {"type": "str", "default": ""},
            "fresh": {"type": "bool", "default": False},
            "done": {"type": "list", "elements": "str", "default": []},
            "wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    asked = module.params
    this, changes = asked["owner"].get("run", ""), asked["do"] != "look" and not module.check_mode
    result: dict[str, str] = {}
    ours = True
    try:
        if changes:
            ours = _noted(asked, this)
            result = act(asked) if ours else {}
        nodes, running = look(asked["nodes"] if ours else [], asked["wait"])
        note, age = read()
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"slurmctld does not answer: {error}; next: look at `journalctl -u slurmctld` there")
    module.exit_json(
        changed=changes and bool(result),
        nodes=[
            {"name": name, **{key: node[key] for key in ("silent", "version", "reason", "partitions", "boot")},
             "states": sorted(node["states"])}
            for name, node in nodes.items()
        ],
        running=running, result=result, note=note, age=age, ours=ours,
    )  # fmt: skip


def _noted(asked, this):
    """Whether the note is this run's, once it says what is asked for."""
    if asked["do"] == "begin":
        return claim(asked["owner"], asked["instead"], asked["kind"], asked["fresh"])[1]
    if asked["do"] in ("end", "whole"):
        end(this, asked["do"] == "whole")
        return True
    return heard(this, asked["done"])


if __name__ == "__main__":
    main()
