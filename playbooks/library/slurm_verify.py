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
options:
  nodes:
    description: Node names.
    type: list
    elements: str
    required: true
  scratch:
    description: Mount point of scratch per node that has one.
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

import os
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule

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
HEALTHY = {"IDLE", "ALLOCATED", "MIXED", "COMPLETING"}
FREE = {"IDLE"}
SLURMD_START = 15
# How Slurm itself words a drain; after a reconfigure 22.05 shows root as its author, whoever it was.
SLURM_SAYS = re.compile(
    r"(Low (RealMemory|TmpDisk|CPUs|socket)|Kill task failed|(Prolog|Epilog) error|gres/|Duplicate jobid)"
)
# Another operator's verification has its own name, and is not cancelled with ours.
JOB_NAME = f"provision-verify-{os.getpid()}"


def run(*command, extra=None, text=None, limit=60):
    """Exit code, output and errors of a command; 124 when it took too long."""
    environment = {**os.environ, "LC_ALL": "C", **(extra or {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, input=text, timeout=limit)
    except subprocess.TimeoutExpired:
        return 124, "", f"{command[0]} did not end within {limit} s"
    return done.returncode, done.stdout, done.stderr


def show_nodes():
    """`{name: {"states", "flags", "version", "reason"}}` of all nodes, as slurmctld has them."""
    code, out, err = run("scontrol", "--oneliner", "show", "nodes")
    if code != 0:
        raise RuntimeError((err or out).strip())
    found = {}
    for line in out.splitlines():
        pairs = dict(re.findall(r"\b(NodeName|NodeAddr|Port|State|Version)=(\S+)", line))
        words = re.sub(r"[*~#!%$@^-]+$", "", pairs.get("State", "")).split("+")
        reason = re.search(r"\bReason=(.*?)(?:\s\[(\w*)@|$)", line)
        found[pairs.get("NodeName", "")] = {
            "address": pairs.get("NodeAddr", ""),
            "port": int(pairs.get("Port", 6818)),
            "states": set(words),
            "silent": "*" in pairs.get("State", "") or "NOT_RESPONDING" in words,
            "version": pairs.get("Version", ""),
            "reason": reason.group(1).strip() if reason else "",
            "by": (reason.group(2) or "") if reason else "",
        }
    return found


def trouble(node):
    """What is wrong with the state of a node, '' for a node that is fine or drained by an admin."""
    if node is None:
        return "slurmctld does not know it"
    if node["silent"]:
        return "slurmctld gets no answer from its slurmd"
    bad = node["states"] - HEALTHY - {"DRAIN", "PLANNED", "RESERVED", "MAINTENANCE"}
    if bad or "INVALID_REG" in node["states"]:
        because = f" ({node['reason']})" if node["reason"] else ""
        return f"its state is {'+'.join(sorted(node['states']))}{because}"
    return "" if node["version"] else "its slurmd has not registered"


def wait_for(names, timeout):
    """The nodes once none is in trouble, or as they are when the time is over.

    A node that slurmctld does not know will not come by itself, and one whose slurmd does not even listen
    gets only SLURMD_START seconds.
    """
    start = time.monotonic()
    while True:
        nodes = show_nodes()
        bad = {name for name in names if trouble(nodes.get(name))}
        strangers = bad - nodes.keys()
        waited = time.monotonic() - start
        if bad == strangers or waited > timeout:
            return nodes
        if waited > SLURMD_START and silent(bad - strangers, nodes) == bad - strangers:
            return nodes
        time.sleep(0.3)


def silent(names, nodes):
    """Those nodes whose slurmd does not take a connection.

    slurmctld itself notices only after SlurmdTimeout, and a job sent there meanwhile would hang.
    """

    def refuses(name):
        try:
            with socket.create_connection((nodes[name]["address"], nodes[name]["port"]), timeout=3):
                return False
        except OSError:
            return True

    names = sorted(names)
    with ThreadPoolExecutor(max_workers=32) as pool:
        return {name for name, bad in zip(names, pool.map(refuses, names)) if bad}


def answers(names, scratch):
    """Runs one job over the nodes; returns its answers by node and srun's words when it failed."""
    _, credential, _ = run("munge", "-n")
    extra = {
        "PROVISION_CREDENTIAL": credential.strip(),
        "PROVISION_SCRATCH": " ".join(f"{name}:{path}" for name, path in scratch.items()),
    }
    count = str(len(names))
    job = ["srun", "--job-name=" + JOB_NAME, "--partition=all", "--nodelist=" + ",".join(names)]
    job += [
        "--nodes=" + count,
        "--ntasks=" + count,
        "--ntasks-per-node=1",
        "--mem=32M",
        "--time=2",
        "--chdir=/",
    ]
    job += ["--immediate=15", "--kill-on-bad-exit=0", "--mpi=none", "/bin/sh", "-c", JOB]
    code, out, err = run(*job, extra=extra, limit=60)
    if code != 0:
        # srun that was given up may leave its allocation behind.
        run("scancel", "--name=" + JOB_NAME, "--me")
    found = {}
    for line in out.splitlines():
        if line.startswith("ANSWER "):
            _, name, incoming, its_scratch, own = [*line.split(" ", 4), ""][:5]
            found[name] = {"incoming": incoming, "scratch": its_scratch, "credential": own}
    return found, err.strip()


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


def verify(names, scratch, timeout, strangers_too):
    """`{name: {"problems": [...], "notes": [...]}}` and the job's width."""
    nodes = wait_for(names, timeout)
    own = run("scontrol", "--version")[1].split()[-1]
    report: dict[str, dict[str, list[str]]] = {name: {"problems": [], "notes": []} for name in names}
    free = []
    deaf = silent([name for name in names if name in nodes], nodes)
    for name in names:
        node = nodes.get(name)
        problem = trouble(node)
        if node is None and not strangers_too:
            report[name]["notes"].append("not a member yet")
        elif problem:
            report[name]["problems"].append(problem)
        elif name in deaf:
            report[name]["problems"].append("its slurmd does not answer on its port")
        elif node["version"] != own:
            report[name]["problems"].append(f"its slurmd is {node['version']}, the controller {own}")
        elif "DRAIN" in node["states"] and (node["by"] == "slurm" or SLURM_SAYS.match(node["reason"])):
            report[name]["problems"].append(
                f"Slurm itself drained it ({node['reason']}); once that is mended, release it with "
                f"`scontrol update nodename={name} state=resume`"
            )
        elif "DRAIN" in node["states"]:
            report[name]["notes"].append(
                f"drained ({node['reason']}), left so; release it with `scontrol update nodename={name} state=resume`"
            )
        elif node["states"] <= FREE:
            free.append(name)
        else:
            report[name]["notes"].append("busy with jobs; none was added")
    width = len(free)
    if free:
        found, words = answers(free, scratch)
        if len(free) > 1 and len(found) < len(free):
            # One bad node keeps the whole job from starting: ask each by itself to name it.
            width = 0
            for name in free:
                single, its_words = answers([name], scratch)
                found.update(single)
                report[name]["problems"] += job_problems(found.get(name), name in scratch, its_words)
            if not any(report[name]["problems"] for name in free):
                report[free[0]]["problems"].append(f"one job over all nodes does not run: {words}")
        else:
            for name in free:
                report[name]["problems"] += job_problems(found.get(name), name in scratch, words)
    return report, width


def main():
    """Verifies and prints the report; fails only when slurmctld itself does not answer."""
    module = AnsibleModule(
        argument_spec={
            "nodes": {"type": "list", "elements": "str", "required": True},
            "scratch": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 60},
            "strangers": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    try:
        report, width = verify(wanted["nodes"], wanted["scratch"], wanted["timeout"], wanted["strangers"])
    except (RuntimeError, OSError) as error:
        module.fail_json(msg=f"slurmctld does not answer: {error}; next: look at `journalctl -u slurmctld` there")
    reasons = run("sinfo", "--list-reasons", "--noheader")[1].strip()
    module.exit_json(ansible_facts={"slurm_verify": {"nodes": report, "job_width": width, "reasons": reasons}})


if __name__ == "__main__":
    main()
