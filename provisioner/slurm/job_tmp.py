"""Folders of jobs (/tmp, /var/tmp and /dev/shm that only the job sees), as slurm.conf and job_container.conf have them.

Both files count for all nodes at once, so they come when every node of the registry is prepared: a node without the
programs of role `jobtmp` could start no job. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from provisioner.slurm.change import Release, release_of
from provisioner.slurm.nodes import Nodes, host_list

PRIVATE = frozenset({"scratch", "root"})
"""Where the folders of jobs are; on other nodes (`shared`) jobs have the node's own."""
SETTINGS = {
    "JobContainerType": "job_container/tmpfs",
    "Prolog": "/etc/slurm/prolog.d/*",
    # A node that refuses a job is drained; the job goes to another one instead of being held.
    "SchedulerParameters": "nohold_on_prolog_fail",
}
BASE = "/var/lib/provision/job-tmp"
"""BasePath of every node: a link to where its folders are."""
# From here on the plugin knows /var/tmp and nodes without folders; before, the prolog makes them.
_DIRS: Release = (23, 2)
_HEAD = "# Written by provision from the node registry (job_tmp of the plan); changes here are overwritten.\n"


def job_place(place: str, facts: Mapping[str, Any]) -> str:
    """Where the folders of a node's jobs are by now: of a disk that is not made into scratch yet they cannot be.

    Args:
        place: what the plan says.
        facts: the node's `ansible_facts`: `blade`, and `scratch` where the role of this name worked in this run.
    """
    scratch = facts.get("scratch") or facts["blade"].get("scratch") or {}
    there = scratch.get("size_mib") or scratch.get("expected_mib")
    return "shared" if place == "scratch" and not there else place


def job_folders(nodes: Nodes, site: Mapping[str, Any]) -> bool:
    """Whether jobs have folders of their own: some node is to have them, all are prepared, and the site agrees."""
    return _wanted(nodes) and not _unprepared(nodes) and not _taken(site)


def job_settings(settings: Mapping[str, Any], nodes: Nodes, site: Mapping[str, Any]) -> dict[str, Any]:
    """Our keys of slurm.conf with those that the folders need."""
    if not job_folders(nodes, site):
        return dict(settings)
    words = [settings.get("SchedulerParameters", ""), SETTINGS["SchedulerParameters"]]
    return {**settings, **SETTINGS, "SchedulerParameters": ",".join(filter(None, words))}


def job_container(nodes: Nodes, site: Mapping[str, Any], version: str) -> str:
    """The text of job_container.conf, '' where jobs have no folders of their own.

    Args:
        nodes: the registry's records by node name.
        site: slurm.conf keys of the site.
        version: the controller's Slurm version.
    """
    if not job_folders(nodes, site):
        return ""
    if release_of(version) < _DIRS:
        return f"{_HEAD}NodeName={host_list(nodes)} BasePath={BASE}\n"
    private = [name for name, record in nodes.items() if record["job_tmp"] in PRIVATE]
    rest = sorted(nodes.keys() - set(private))
    lines = [f"NodeName={host_list(private)} BasePath={BASE} Dirs=/tmp,/var/tmp,/dev/shm Shared=true\n"]
    lines += [f"NodeName={host_list(rest)} BasePath=none\n"] if rest else []
    return _HEAD + "".join(lines)


def job_notes(nodes: Nodes, site: Mapping[str, Any]) -> list[str]:
    """Why jobs have no folders of their own although the plan wants them."""
    if not _wanted(nodes):
        return []
    if taken := _taken(site):
        return [
            f"jobs share /tmp, since slurmctld_config sets {', '.join(taken)}; next: take it out of group_vars beside "
            "the plan; a program that is to run before jobs comes into /etc/slurm/prolog.d on the nodes"
        ]
    if missing := _unprepared(nodes):
        return [
            f"jobs share /tmp until all nodes are prepared for folders of their own, which {host_list(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not; next: run `provision slurm` over all nodes"
        ]
    return []


def _wanted(nodes: Nodes) -> bool:
    return any(record.get("job_tmp") in PRIVATE for record in nodes.values())


def _unprepared(nodes: Nodes) -> Collection[str]:
    return [name for name, record in nodes.items() if "job_tmp" not in record]


def _taken(site: Mapping[str, Any]) -> list[str]:
    """Keys of the site that the folders need for themselves."""
    own = {"jobcontainertype", "prolog", "namespacetype"}
    return sorted(str(key) for key, value in site.items() if str(key).lower() in own and value is not None)
