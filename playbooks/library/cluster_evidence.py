#!/usr/bin/python
"""What the controller knows of one node when somebody asks why it does not work; in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_evidence
short_description: What the controller of a Slurm cluster knows of one node
description:
  - Asks slurmctld, the node's ports, munge for the node's credential, the registry and slurmctld's log.
  - Changes nothing. Does not fail while slurmctld or munge is down. Sets C(ansible_facts['cluster_evidence']).
options:
  name: {description: Name of the node., type: str, required: true}
  credential: {description: 'A munge credential of the node, empty for none.', type: str, default: '', no_log: true}
author: the provisioner project
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_software import unit_states
from ansible.module_utils.node_logs import journal, root_log
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_drains import left, owner
from ansible.module_utils.slurm_jobs import ON_NODES
from ansible.module_utils.slurm_judged import judged
from ansible.module_utils.slurm_munge import LIMIT, own_munge
from ansible.module_utils.slurm_nodes import gone, show_nodes, silent
from ansible.module_utils.slurm_table import table

REGISTRY = "/etc/slurm/nodes.json"
LOG = "/var/log/slurm/slurmctld.log"
MOST_JOBS = 1000
RESUME = "release it with `scontrol update nodename={} state=resume`"


def record(name, registry=REGISTRY):
    """What the registry has of the node, {} where it has nothing."""
    try:
        with open(registry) as file:
            found = json.load(file)["nodes"][name]
            return {key: found[key] for key in ("address", "machine_id", "hardware", "seen")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def node_words(name, node):
    """What slurmctld has of the node, what is wrong with its state, and who lets it take no jobs."""
    deaf = silent([name], {name: node})
    seen = {"version": run("scontrol", "--version")[1].split()[-1], "deaf": deaf, "ours": set(), "prove": set()}
    # A drain is judged for itself: a node may be drained and broken.
    problems, _ = judged(name, {**node, "states": node["states"] - {"DRAIN"}}, {"room": {}}, seen)
    out = node["states"] & {"DRAIN", "DOWN"} and node["reason"]
    drained = {**node, "states": node["states"] | {"DRAIN"}}
    found, notes = left(name, drained, None, RESUME.format(name)) if out else ([], [])
    return {
        **{key: node[key] for key in ("address", "silent", "version", "reason", "by", "since")},
        "states": sorted(node["states"]),
        "problems": problems,
        "owner": owner(drained) if out else "admin" if "DRAIN" in node["states"] else "",
        "drain": [*found, *notes],
        "alive": not gone([name], {name: node}),
    }


def asked(name):
    """What slurmctld says of the node, and which jobs are there; its words where it does not answer."""
    try:
        node = show_nodes().get(name)
        rows = table("squeue", (("JobID", 20),), "--all", f"--states={ON_NODES}", f"--nodelist={name}") if node else []
    except (RuntimeError, OSError) as error:
        return {"up": False, "words": (str(error).splitlines() or [""])[-1][:400], "node": {}, "jobs": []}
    jobs = [int(row[0]) for row in rows if row[0].isdecimal()]
    return {"up": True, "words": "", "node": node_words(name, node) if node else {}, "jobs": jobs[:MOST_JOBS]}


def main():
    """Asks and prints."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "credential": {"type": "str", "default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    name, credential = module.params["name"], module.params["credential"]
    code, words = own_munge()
    # Without munge slurmctld is asked for minutes, and blamed.
    silence = {"up": False, "words": "", "node": {}, "jobs": []}
    units = unit_states(["munge.service", "slurmctld.service"])
    facts = {
        **(asked(name) if code == 0 else silence),
        "munge": code,
        "munge_words": words[:400],
        "accepted": run("unmunge", text=credential, limit=LIMIT)[0] if credential and code == 0 else None,
        "units": {key.partition(".")[0]: unit for key, unit in units.items()},
        "record": record(name),
        "log": root_log(LOG, name) or [],
        "end_of_log": root_log(LOG) or journal("--unit=slurmctld"),
    }
    module.exit_json(ansible_facts={"cluster_evidence": facts})


if __name__ == "__main__":
    main()
