#!/usr/bin/python
"""Proves, from the controller, that nodes work: registered, of one version, and running jobs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_verify
short_description: Proves that nodes of a Slurm cluster work
description:
  - Waits until the nodes are registered, compares versions, runs one job over all idle nodes that answers
    from each of them, and checks munge in both directions and the scratch folder inside that job.
  - The cause is asked first. Without munge on the controller nothing else is asked.
  - A node that is busy is not disturbed, a node that an admin drained is left drained; both are noted.
  - Jobs of ours that an earlier verification left behind are cancelled, and never count as work of a node.
  - Nodes that are not to be proved by a job are asked all the same whether they are registered and answer.
options:
  nodes:
    description: Node names.
    type: list
    elements: str
    required: true
  prove:
    description: Those of the nodes to send a job to; by default all of them.
    type: list
    elements: str
  scratch:
    description: Mount point of scratch per node that the plan gives one; only those are asked that have it by now.
    type: dict
    default: {}
  timeout:
    description: Seconds that all of it may take, for all nodes together.
    type: int
    default: 60
  strangers:
    description: Whether a node that slurmctld does not know is a problem, or only noted.
    type: bool
    default: true
  clear:
    description: Whether to take back drains that Slurm itself made for a cause that is gone.
    type: bool
    default: false
  drained:
    description:
      - What C(scontrol --oneliner show nodes) said of drained nodes before slurmctld was told of another configuration.
        22.05 then makes root the author of every reason.
    type: str
    default: ''
  room:
    description: MiB that are free where slurmd works, by node; proves that a full disk is not full any more.
    type: dict
    default: {}
  whole:
    description: Nodes whose hardware this run found as on record; drains of ours for their hardware are over.
    type: list
    elements: str
    default: []
  new:
    description: Nodes whose installation is new; what is wrong with one keeps it out of work until it is proved.
    type: list
    elements: str
    default: []
  give_back:
    description: Nodes that a rolling run has out of work and gives back; they take jobs once they are proved.
    type: list
    elements: str
    default: []
  release:
    description: Token of the lock of the cluster that is released afterwards; by default none is.
    type: str
    default: ''
  servers:
    description: Where nodes find slurmctld, as C(address:port), several separated by commas; each is to reach it.
    type: str
    default: ''
  run:
    description: Id of the run, for the comment of our jobs.
    type: str
    default: ''
author: the provisioner project
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.cluster_lock import release
from ansible.module_utils.drain_owner import LOST
from ansible.module_utils.slurm_admission import close, keep_out, proved_apart, waiting
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_drains import ROOM, clear
from ansible.module_utils.slurm_jobs import cancel_left_behind, cancel_own, held_by_users, our_comment, ours_gone
from ansible.module_utils.slurm_judged import BUSY, TAKEN, judged
from ansible.module_utils.slurm_munge import munge_sentence, own_munge
from ansible.module_utils.slurm_nodes import NEXT_PING, RESERVED, Deadline, back, gone, show_nodes, silent, wait_for
from ansible.module_utils.slurm_proof import ALONE, proved
from ansible.module_utils.slurm_reach import controllers, places

NO_MEMBER = "it is not a member of the cluster yet"
# The code of `run` for a program that is not there.
MISSING = 127
SCRATCH_FULL = "its scratch is full; nothing could be written there"


def verify(wanted):
    """`{name: {"problems", "notes", "news", "job", "alive", "unseen"}}`, the job's width, and where slurmds listen.

    `notes` say why a node is not proved, `news` what was done about it, `job` whether one was sent there, `alive`
    whether it is worth asking the node itself what is wrong, `unseen` why Slurm could not be asked about it at all.
    """
    names, scratch = wanted["nodes"], wanted["scratch"]
    deadline, comment = Deadline(wanted["timeout"]), our_comment(wanted["run"])
    cancel_left_behind()
    nodes = wait_for(names, deadline)
    if late := back(names, nodes):
        # Whoever gives verification little time does not wait that long either.
        until_ping = min(NEXT_PING, 2 * wanted["timeout"])
        nodes = wait_for(late, Deadline(until_ping), until_ping)
        deadline = Deadline(wanted["timeout"])
    if wanted["clear"] and any(node["states"] & RESERVED for node in nodes.values()):
        close()
        nodes = wait_for(names, deadline)
    cleared = clear(names, nodes, wanted["drained"], wanted["room"], wanted["whole"]) if wanted["clear"] else {}
    prove = set(names if wanted["prove"] is None else wanted["prove"]) | cleared.keys()
    unfit = {}
    if wanted["clear"] or wanted["give_back"]:
        held = {name: nodes[name] for name in waiting(names, nodes, wanted["give_back"])}
        if held:
            unfit = proved_apart(held, wanted, comment, _version())
            prove |= held.keys() - unfit.keys()
            nodes, deadline = wait_for(names, deadline), Deadline(wanted["timeout"])
    # Another verification's job is no work of a node either, but that one is at it still.
    busy = [name for name in prove & nodes.keys() if nodes[name]["states"] & BUSY]
    ours = ours_gone(deadline.left(ALONE), busy) if busy else set()
    if cleared or busy:
        nodes = wait_for(names, deadline)
    seen = {
        "version": _version(),
        "deaf": silent([name for name in names if name in nodes], nodes),
        "ours": ours - held_by_users() if ours else ours,
        "prove": prove,
    }
    report = {}
    for name in names:
        unseen = NO_MEMBER if name not in nodes and not wanted["strangers"] else ""
        problems, notes = ([], []) if unseen else judged(name, nodes.get(name), wanted, seen)
        problems, notes = (unfit[name], []) if name in unfit else (problems, notes)
        job = name in prove and not problems and not notes and not unseen
        report[name] = {"problems": problems, "notes": notes, "news": [], "job": job, "alive": True, "unseen": unseen}
        if not problems and not unseen and wanted["room"].get(name, ROOM) < ROOM:
            notes.append(f"only {wanted['room'][name]} MiB are free where slurmd works")
    free = [name for name in names if report[name]["job"]]
    others = places({name: nodes[name] for name in names if name in nodes and not report[name]["problems"]})
    try:
        problems, full, kept, width = proved(free, scratch, comment, deadline, others, controllers(wanted["servers"]))
    finally:
        if free:
            cancel_own(comment)
    for name in kept:
        report[name].update(notes=[*report[name]["notes"], TAKEN], job=False)
    for name in problems:
        report[name]["problems"] += problems[name]
        report[name]["notes"] += [SCRATCH_FULL] if name in full and not problems[name] else []
    add_news(report, cleared)
    if failed := {name: report[name]["problems"] for name in wanted["new"] if report[name]["problems"]}:
        keep_out(failed)
    for name, words in gone([name for name in names if name in nodes and report[name]["problems"]], nodes).items():
        report[name].update(problems=[words], alive=False)
    return report, width, places({name: nodes[name] for name in names if name in nodes and name not in seen["deaf"]})


def _version():
    return run("scontrol", "--version")[1].split()[-1]


def add_news(report, cleared):
    """Tells of the drains that were taken back; Slurm drains a node again that still lacks something."""
    nodes = show_nodes() if cleared else {}
    for name, reason in cleared.items():
        node = nodes.get(name)
        if node is not None and "DRAIN" in node["states"]:
            report[name]["problems"].append(f"Slurm drained it again ({node['reason']})")
        else:
            whose = "the drain of an earlier run" if reason.startswith(LOST) else "Slurm's own drain"
            report[name]["news"].append(f"{whose} ({reason}) was taken back, since its cause is gone")


def having(scratch, registry="/etc/slurm/nodes.json"):
    """The nodes whose scratch is there; on others it waits for a person, or for its disk to be read."""
    try:
        with open(registry) as file:
            nodes = json.load(file)["nodes"]
    except (OSError, ValueError, KeyError):
        return scratch
    waits = {name for name, record in nodes.items() if record["hardware"]["scratch_mib"] == 0}
    return {name: place for name, place in scratch.items() if name not in waits}


def main():
    """Verifies and prints the report; fails only when munge or slurmctld itself does not answer."""
    module = AnsibleModule(
        argument_spec={
            "nodes": {"type": "list", "elements": "str", "required": True},
            "prove": {"type": "list", "elements": "str"},
            "scratch": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 60},
            "strangers": {"type": "bool", "default": True},
            "clear": {"type": "bool", "default": False},
            "drained": {"type": "str", "default": ""},
            "room": {"type": "dict", "default": {}},
            "run": {"type": "str", "default": ""},
            "servers": {"type": "str", "default": ""},
            "whole": {"type": "list", "elements": "str", "default": []},
            "new": {"type": "list", "elements": "str", "default": []},
            "give_back": {"type": "list", "elements": "str", "default": []},
            "release": {"type": "str", "default": "", "no_log": False},
        },
        supports_check_mode=True,
    )
    if run("scontrol", "--version")[0] == MISSING:
        module.fail_json(msg="it has no Slurm, so there is no cluster yet; next: `provision slurm` makes one")
    # Whatever asks Slurm without munge waits for minutes and blames Slurm.
    code, words = own_munge()
    if code != 0:
        release(module.params["release"])
        module.fail_json(msg=munge_sentence(code, words))
    try:
        scratch = having(module.params["scratch"])
        report, width, peers = verify({**module.params, "scratch": scratch})
    except (RuntimeError, OSError) as error:
        release(module.params["release"])
        last = (str(error).splitlines() or ["it says nothing"])[-1]
        module.fail_json(msg=f"slurmctld does not answer: {last}; next: look at `journalctl -u slurmctld` there")
    reasons = run("sinfo", "--list-reasons", "--noheader")[1].strip()
    # The last thing that a run does on the cluster; with plain Ansible nothing else would say so for a while.
    release(module.params["release"])
    found = {"nodes": report, "job_width": width, "reasons": reasons, "scratch": sorted(scratch)}
    found["peers"] = peers if any(one["problems"] for one in report.values()) else []
    module.exit_json(ansible_facts={"slurm_verify": found})


if __name__ == "__main__":
    main()
