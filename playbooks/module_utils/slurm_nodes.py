"""The nodes of a Slurm cluster as its controller has them, and what is wrong with them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

HEALTHY = {"IDLE", "ALLOCATED", "MIXED", "COMPLETING"}
# Seconds that a slurmd gets to listen.
SLURMD_START = 15
# Nodes that are asked at the same time.
MOST_AT_ONCE = 32


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
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        return {name for name, bad in zip(names, pool.map(refuses, names)) if bad}
