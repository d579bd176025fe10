#!/usr/bin/python
"""Proves, from the controller, that nodes work: registered, of one version, and running jobs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_verify
short_description: Proves that nodes of a Slurm cluster work
description:
  - Waits until the nodes are registered, compares versions, runs one job over all idle nodes that answers
    from each of them, and checks munge in both directions and the scratch folder inside that job.
  - A node that is busy is not disturbed, a node that an admin drained is left drained; both are noted.
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
    description: Seconds to wait for the nodes to register.
    type: int
    default: 60
  strangers:
    description: Whether a node that slurmctld does not know is a problem, or only noted.
    type: bool
    default: true
author: the provisioner project
"""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.slurm_nodes import MOST_AT_ONCE, run, silent, trouble, wait_for

# Each node answers with one line: name, result of the controller's credential, of scratch, own credential.
JOB = r"""
name=$SLURMD_NODENAME
printf %s "$PROVISION_CREDENTIAL" | unmunge >/dev/null 2>&1; incoming=$?
scratch=none
for pair in $PROVISION_SCRATCH; do
  if [ "${pair%%:*}" = "$name" ]; then
    probe="${pair#*:}/.provision-verify.$SLURM_JOB_ID"
    if mountpoint -q "${pair#*:}" && echo ok 2>/dev/null >"$probe" && rm "$probe"; then scratch=ok; else scratch=bad; fi
  fi
done
echo "ANSWER $name $incoming $scratch $(munge -n)"
"""
FREE = {"IDLE"}
# How Slurm itself words a drain; after a reconfigure 22.05 shows root as its author, whoever it was.
SLURM_SAYS = re.compile(
    r"(Low (RealMemory|TmpDisk|CPUs|socket)|Kill task failed|(Prolog|Epilog) error|gres/|Duplicate jobid)"
)
# Another operator's verification has its own name, and is not cancelled with ours.
JOB_NAME = f"provision-verify-{os.getpid()}"


def answers(names, scratch, job_name=JOB_NAME):
    """Runs one job over the nodes; returns its answers by node and srun's words when it failed."""
    _, credential, _ = run("munge", "-n")
    extra = {
        "PROVISION_CREDENTIAL": credential.strip(),
        "PROVISION_SCRATCH": " ".join(f"{name}:{scratch[name]}" for name in names if name in scratch),
    }
    count = str(len(names))
    job = ["srun", "--job-name=" + job_name, "--partition=all", "--nodelist=" + ",".join(names)]
    job += ["--nodes=" + count, "--ntasks=" + count, "--ntasks-per-node=1", "--mem=32M", "--time=2", "--chdir=/"]
    job += ["--immediate=15", "--kill-on-bad-exit=0", "--mpi=none", "/bin/sh", "-c", JOB]
    code, out, err = run(*job, extra=extra, limit=60)
    if code != 0:
        # srun that was given up may leave its allocation behind.
        run("scancel", "--name=" + job_name, "--me")
    found = {}
    for line in out.splitlines():
        if line.startswith("ANSWER "):
            _, name, incoming, its_scratch, own = [*line.split(" ", 4), ""][:5]
            found[name] = {"incoming": incoming, "scratch": its_scratch, "credential": own}
    return found, err.strip()


def answers_one_by_one(names, scratch):
    """A job on each node by itself, all at the same time: `{name: (its answer or None, srun's words)}`."""

    def ask(name):
        found, words = answers([name], scratch, f"{JOB_NAME}-{name}")
        return found.get(name), words

    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        return dict(zip(names, pool.map(ask, names)))


def job_problems(answer, has_scratch, words):
    """What a job on the node showed to be wrong."""
    if answer is None:
        return [f"a job does not run on it: {(words.splitlines() or ['srun says nothing'])[-1]}"]
    problems = []
    if answer["incoming"] != "0":
        problems.append("it does not accept the controller's munge credential")
    if run("unmunge", text=answer["credential"])[0] != 0:
        problems.append("the controller does not accept its munge credential")
    if has_scratch and answer["scratch"] != "ok":
        problems.append("a job cannot write to its scratch")
    return problems


def judged(name, node, own, deaf, strangers_too, prove):
    """What the state of a node says before any job: its problems, and its notes; neither where it is free."""
    problem = trouble(node)
    release = f"release it with `scontrol update nodename={name} state=resume`"
    if node is None and not strangers_too:
        return [], ["not a member yet"]
    if problem:
        return [problem], []
    if name in deaf:
        return ["its slurmd does not answer on its port"], []
    if node["version"] != own:
        return [f"its slurmd is {node['version']}, the controller {own}"], []
    if "DRAIN" in node["states"]:
        if node["by"] == "slurm" or SLURM_SAYS.match(node["reason"]):
            return [f"Slurm itself drained it ({node['reason']}); once that is mended, {release}"], []
        return [], [f"drained ({node['reason']}), left so; {release}"]
    return [], ["busy with jobs; none was added"] if prove and not node["states"] <= FREE else []


def proved(free, scratch):
    """What jobs on free nodes show to be wrong, by node, and how many nodes one job spanned (0: each its own)."""
    if not free:
        return {}, 0
    found, words = answers(free, scratch)
    if len(free) == 1 or len(found) == len(free):
        return problems_of({name: (found.get(name), words) for name in free}, scratch), len(free)
    # One bad node keeps the whole job from starting: ask each by itself to name it.
    problems = problems_of(answers_one_by_one(free, scratch), scratch)
    if not any(problems.values()):
        problems[free[0]] = [f"one job over all nodes does not run: {words}"]
    return problems, 0


def problems_of(answered, scratch):
    """`job_problems` of every node, from `{name: (answer, words)}`."""

    def look(name):
        answer, words = answered[name]
        return job_problems(answer, name in scratch, words)

    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        return dict(zip(answered, pool.map(look, answered)))


def verify(names, prove, scratch, timeout, strangers_too):
    """`{name: {"problems": [...], "notes": [...], "job": whether one was sent there}}` and the job's width."""
    nodes = wait_for(names, timeout)
    own = run("scontrol", "--version")[1].split()[-1]
    deaf = silent([name for name in names if name in nodes], nodes)
    report = {}
    for name in names:
        problems, notes = judged(name, nodes.get(name), own, deaf, strangers_too, name in prove)
        report[name] = {"problems": problems, "notes": notes, "job": name in prove and not problems and not notes}
    free = [name for name in names if report[name]["job"]]
    problems, width = proved(free, scratch)
    for name in free:
        report[name]["problems"] += problems[name]
    return report, width


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
    """Verifies and prints the report; fails only when slurmctld itself does not answer."""
    module = AnsibleModule(
        argument_spec={
            "nodes": {"type": "list", "elements": "str", "required": True},
            "prove": {"type": "list", "elements": "str"},
            "scratch": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 60},
            "strangers": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    try:
        names, prove = wanted["nodes"], wanted["prove"]
        chosen = set(names if prove is None else prove)
        scratch = having(wanted["scratch"])
        report, width = verify(names, chosen, scratch, wanted["timeout"], wanted["strangers"])
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"slurmctld does not answer: {error}; next: look at `journalctl -u slurmctld` there")
    reasons = run("sinfo", "--list-reasons", "--noheader")[1].strip()
    found = {"nodes": report, "job_width": width, "reasons": reasons, "scratch": sorted(scratch)}
    module.exit_json(ansible_facts={"slurm_verify": found})


if __name__ == "__main__":
    main()
