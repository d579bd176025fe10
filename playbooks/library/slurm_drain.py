#!/usr/bin/python
"""Takes nodes out of work and gives them back, for a person; knows whose a drain is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_drain
short_description: Takes nodes out of work, or gives them back
description:
  - Drains nodes with a reason that is known as ours, or ends such drains. Any other drain is left as it is, and told.
  - Jobs that run go on. With O(wait) it answers once none of them is on the nodes any more, or when that time is over.
  - Does not fail for a node; the answer has what came of each.
options:
  nodes: {description: Node names., type: list, elements: str, required: true}
  state: {description: What they are to be., choices: [drained, resumed], required: true}
  reason_b64:
    description: Why they are drained, in base64, so that nobody takes the words of a person for a template.
    type: str
    default: ''
  wait: {description: Seconds to wait for jobs at most., type: int, default: 0}
author: the provisioner project
"""

RETURN = r"""
nodes:
  description: Per node its name, C(result) (drained, resumed, ready, kept, missing), C(told) (whether slurmctld was
    told anything, or would be), C(states), C(reason), and C(by), who gave it.
  type: list
  returned: success
running:
  description: Per job on these nodes its number and its nodes.
  type: list
  returned: success
"""

import base64
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.drain_owner import DRAINED, drain, is_ours, resume
from ansible.module_utils.slurm_jobs import ON_NODES
from ansible.module_utils.slurm_nodes import order_updates, show_nodes
from ansible.module_utils.slurm_table import table

_JOB = (("JobID", 20), ("NodeList", 4000))
_POLL_SECONDS = 1
# Seconds in which nodes that answer have registered with a slurmctld that has just started.
_HEARD_SECONDS = 30


def apply(wanted, check):
    """What came of each node.

    Raises:
        RuntimeError: slurmctld does not answer, or refuses.
        Unheard: it has just started.
    """
    before, done, due = known(wanted["nodes"], wanted["state"]), [], {}
    words = base64.b64decode(wanted["reason_b64"]).decode()
    for name in wanted["nodes"]:
        node = before.get(name)
        result, updates = drain(node, words) if wanted["state"] == "drained" else resume(node)
        done.append((name, result, bool(updates)))
        due[name] = updates
    order_updates({} if check else due)
    after = before if check or not any(due.values()) else show_nodes()
    return [
        {
            "name": name,
            "result": result,
            "told": told,
            "states": sorted(after[name]["states"]) if name in after else [],
            "reason": after[name]["reason"] if name in after else "",
            "by": after[name]["by"] if name in after else "",
        }
        for name, result, told in done
    ]


class Unheard(RuntimeError):
    """slurmctld has heard nothing of a node since its start, and ends no drain of it until then."""


def known(names, state):
    """All nodes, once slurmctld has heard of those whose drains are to end.

    Raises:
        Unheard: it has not; nothing was touched.
    """
    end = time.monotonic() + _HEARD_SECONDS
    while True:
        nodes = show_nodes()
        ours = [name for name in names if name in nodes and is_ours(nodes[name])] if state != DRAINED else []
        unheard = [name for name in ours if "UNKNOWN" in nodes[name]["states"]]
        if not unheard:
            return nodes
        if time.monotonic() >= end:
            raise Unheard(
                f"slurmctld has heard nothing of {', '.join(unheard)} since its start, and ends no drain then"
            )
        time.sleep(_POLL_SECONDS)


def jobs_on(names):
    """Per job on any of these nodes its number and its nodes."""
    return table("squeue", _JOB, "--all", f"--states={ON_NODES}", f"--nodelist={','.join(names)}") if names else []


def main():
    """Drains or resumes them, and prints what came of it."""
    module = AnsibleModule(
        argument_spec={
            "nodes": {"type": "list", "elements": "str", "required": True},
            "state": {"choices": ["drained", "resumed"], "required": True},
            "reason_b64": {"type": "str", "default": ""},
            "wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    try:
        nodes = apply(module.params, module.check_mode)
        there = [each["name"] for each in nodes if each["states"]]
        running = jobs_on(there)
        end = time.monotonic() + module.params["wait"]
        while running and module.params["state"] == DRAINED and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
            running = jobs_on(there)
    except Unheard as error:
        module.fail_json(msg=f"{error}; next: say it again in two minutes, or name the others alone")
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"slurmctld does not answer: {error}; next: look at `journalctl -u slurmctld` there")
    module.exit_json(changed=any(each["told"] for each in nodes), nodes=nodes, running=running)


if __name__ == "__main__":
    main()
