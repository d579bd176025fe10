"""What the state of a node says, before any job is sent there."""

from __future__ import annotations

from ansible.module_utils.slurm_drains import left
from ansible.module_utils.slurm_nodes import trouble

FREE = {"IDLE"}
BUSY = {"ALLOCATED", "MIXED", "COMPLETING"}
# Backfill keeps it for a job that waits.
PLANNED = {"PLANNED"}
TAKEN = "busy with jobs; none was added"


def judged(name, node, wanted, seen):
    """What the state of a node says before any job: its problems, and its notes; neither where it is free.

    Args:
        wanted: parameters of the module.
        seen: `{"version": the controller's, "deaf": what is wrong with nodes whose slurmd does not answer,
            "ours": nodes that nothing but jobs of ours keeps, "prove": nodes to send a job to}`.
    """
    problem = trouble(node)
    release = f"release it with `scontrol update nodename={name} state=resume`"
    if problem:
        return [problem], []
    if name in seen["deaf"]:
        return [seen["deaf"][name]], []
    if node["version"] != seen["version"]:
        return [f"its slurmd is {node['version']}, the controller {seen['version']}"], []
    if "DRAIN" in node["states"]:
        return left(name, node, wanted["room"].get(name), release)
    if wanted["room"].get(name) == 0:
        return ["its disk is full where slurmd works: 0 MiB are free"], []
    if name not in seen["prove"] or node["states"] <= FREE:
        return [], []
    if name in seen["ours"]:
        return ["a job of ours does not end on it"], []
    return [], [TAKEN]
