"""GPUs in slurm.conf, gres.conf and cgroup.conf, from the registry's records. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from provisioner.slurm.change import Release, release_of
from provisioner.slurm.node_gpus import gpu_count, gres
from provisioner.slurm.nodes import Nodes, Planned, host_list

# Before it Slurm asks the kernel (cgroup v2) for a report on the rules of a job's devices, and gives up when that is
# longer than 8 KiB, which begins with 29 devices on Linux 6.1, and with 24 on 6.18.
_MANY: Release = (23, 2)
_FEW = 16
_AUTODETECT: Release = (24, 11)
_FLAGS = {"nvidia": "nvidia_gpu_env", "amd": "amd_gpu_env"}
_HEAD = "# Written by provision from the node registry; changes here are overwritten.\n"


def hands_out(nodes: Nodes, site: Mapping[str, Any]) -> bool:
    """Whether Slurm hands out GPUs: some node has one, and the site has not said `GresTypes: null`."""
    dropped = any(str(key).lower() == "grestypes" and value is None for key, value in site.items())
    return not dropped and any(gpu_count(record) for record in nodes.values())


def with_gpus(planned: Mapping[str, Planned], nodes: Nodes, site: Mapping[str, Any]) -> Mapping[str, Planned]:
    """What the plan says of the nodes' lines, with `Gres` of those that have GPUs."""
    if not hands_out(nodes, site):
        return planned
    words = {name: gres(record) for name, record in nodes.items()}
    return {**planned, **{name: {**planned.get(name, {}), "Gres": said} for name, said in words.items() if said}}


def gpu_settings(counted: bool) -> dict[str, str]:
    """Our keys of slurm.conf for GPUs.

    Every cluster has them: slurmd on 22.05 learns of a new kind of resource at its start only, and an accounts file may
    name gres/gpu before the first GPU comes.

    Args:
        counted: whether the database counts GPUs of jobs: slurmctld does not start when it is to be told so for the
            first time and does not answer.
    """
    return {"GresTypes": "gpu"} | ({"AccountingStorageTRES": "gres/gpu"} if counted else {})


def hand_out_again(change: Mapping[str, Any], withheld: Collection[str]) -> dict[str, Any]:
    """A change of slurm.conf, see `config_change`, after which slurmctld hands out the GPUs of these nodes again.

    What was said of them while it ran counts until it is restarted.

    Args:
        change: as plain data.
        withheld: nodes whose GPUs slurmctld withholds since one of them was dead when slurmd started.
    """
    if not withheld or change["kind"] == "restart":
        return dict(change)
    why = f"GPUs of {host_list(withheld)} were withheld"
    row = {"what": why, "needs": "restart slurmctld", "ends": []}
    return {**change, "kind": "restart", "why": [why], "rows": [*change.get("rows", ()), row]}


def gres_conf(nodes: Nodes, site: Mapping[str, Any], version: str, autodetect: str = "off") -> str:
    """The text of gres.conf: each node's device files, which slurmd on 22.05 has no other way to know; '' without GPUs.

    A line has one node, so that a node finds its own.

    Args:
        nodes: the registry's records by node name.
        site: slurm.conf keys of the site.
        version: the controller's Slurm version.
        autodetect: `nvidia` lets slurmd add which cores are near to which GPU, from 24.11 on.
    """
    if not hands_out(nodes, site):
        return ""
    detects = autodetect == "nvidia" and release_of(version) >= _AUTODETECT
    lines = [
        _gres_line(name, group, record["gpus"], detects)
        for name, record in sorted(nodes.items())
        for group in record.get("gpus", ())
    ]
    return "".join([_HEAD, "AutoDetect=off\n", *lines])


def _gres_line(node: str, group: Mapping[str, Any], groups: Sequence[Mapping[str, Any]], detects: bool) -> str:
    vendors = {each["vendor"] for each in groups}
    # Which variables tell a job its GPUs is one choice for all GPUs of a node.
    flags = f" Flags={_FLAGS[group['vendor']]}" if len(vendors) == 1 else ""
    auto = "AutoDetect=nvidia " if detects and _is_detected(groups) else ""
    return f"NodeName={node} {auto}Name=gpu Type={group['type']} File={','.join(group['files'])}{flags}\n"


def _is_detected(groups: Sequence[Mapping[str, Any]]) -> bool:
    """Whether slurmd finds the same GPUs by itself: those whose type is not in its own name of the model it refuses."""
    return all(group["vendor"] == "nvidia" and not group.get("alias") for group in groups)


def gpu_notes(nodes: Nodes, site: Mapping[str, Any], version: str, autodetect: str = "off") -> list[str]:
    """What a person should know of how GPUs are handed out, each with its next step.

    Args: see `gres_conf`.
    """
    if not hands_out(nodes, site):
        return []
    many = [name for name, record in nodes.items() if gpu_count(record) > _FEW]
    notes = []
    if many and release_of(version) < _MANY:
        notes.append(
            f"jobs with GPUs may not start on {host_list(many)}, which {'has' if len(many) == 1 else 'have'} more than "
            f"{_FEW}: Slurm 22.05 cannot always close as many; next: image the cluster with Debian 13, or open all "
            "GPUs to all jobs with `slurmctld_cgroup_config: {ConstrainDevices: no}` in group_vars beside the plan"
        )
    if autodetect == "nvidia" and release_of(version) < _AUTODETECT:
        notes.append(
            "slurmctld_gpu_autodetect counts for nothing before Slurm 24.11; next: take it out of group_vars beside "
            "the plan"
        )
    return notes
