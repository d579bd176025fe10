"""What the state of a node says, before any job is sent there."""

from __future__ import annotations

from ansible.module_utils.slurm_drains import SLURM_SAYS
from ansible.module_utils.slurm_nodes import trouble

FREE = {"IDLE"}
BUSY = {"ALLOCATED", "MIXED", "COMPLETING"}


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
        if node["by"] == "slurm":
            return [f"Slurm itself drained it ({node['reason']}); once that is mended, {release}"], []
        if SLURM_SAYS.match(node["reason"]):
            # An admin may use Slurm's words, and slurmd itself is root, so nobody can tell; unknown is not ours.
            return [f"Slurm itself or an admin drained it ({node['reason']}), so it is left; {release}"], []
        return [], [f"drained ({node['reason']}), left so; {release}"]
    if name not in seen["prove"] or node["states"] <= FREE:
        return [], []
    if name in seen["ours"]:
        return ["a job of ours does not end on it"], []
    return [], ["busy with jobs; none was added"]
