"""Which nodes a run goes on with. Pure; over the variables of hosts, as Ansible has them.

One question over all nodes, since Ansible compiles a condition anew for each node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from provisioner.slurm.installation import Standing
from provisioner.slurm.installations import Judged, judged
from provisioner.state.pending import concerns

STOPPED, PENDING, MASKED = "slurm_stopped", "slurm_pending", "slurm_masked"
NEW, UNPROVED = "slurm_new", "slurm_unproved"
"""Groups of the inventory that a run fills."""

Host = Mapping[str, Any]


def choice(hosts: Iterable[Host], controller: Host, upgrade: bool = False) -> list[dict[str, Any]]:
    """What the run knows of each node that is stopped, has work or an admin's mask; a node in sync is not in it.

    `{"name", "groups", "refused", "noted", "installation": {"standing", "why"}}`, of which `refused` and `noted` are
    sentences about its installation.

    Args:
        hosts: the variables of the nodes that were looked at.
        controller: those of the controller; without an answer of its own all nodes are chosen, and one of the first
            tasks tells them that it is down.
        upgrade: whether packages are upgraded, which is work on every node.
    """
    all_of_them = upgrade or "slurm_work" not in controller
    hosts = list(hosts)
    known = judged(hosts, controller)
    living = _runs(controller, "slurmctld")
    found = [_choice(host, all_of_them, living, known[str(host["inventory_hostname"])]) for host in hosts]
    return [each for each in found if each["groups"] or each["installation"]["standing"] != Standing.IN_SYNC]


def _choice(host: Host, chosen: bool, living: bool, how: Judged) -> dict[str, Any]:
    # A node that answers for problems already is not told twice whose it is.
    refused = list(how.refused) if not host["slurm_work"]["problems"] else []
    return {
        "name": str(host["inventory_hostname"]),
        "groups": [
            *_groups(host, chosen, bool(refused), bool(how.noted)),
            *(([NEW, UNPROVED] if living else [NEW]) if _is_new(host, how) else []),
        ],
        "refused": refused,
        "noted": list(how.noted),
        "installation": how.verdict.as_dict(),
    }


def _groups(host: Host, chosen: bool, refused: bool, noted: bool) -> Iterator[str]:
    work = host["slurm_work"]
    if work["problems"] or work["busy"] or work["remains"] or refused or noted:
        yield STOPPED
    # What is at work on it may end in differences that nobody sees yet.
    if chosen or work["remains"] or work["doubts"] or work["unaccounted"] or (_is_touched(host) and not refused):
        yield PENDING
    if work["masked"]:
        yield MASKED


def _is_new(host: Host, how: Judged) -> bool:
    """Whether its installation is new to the cluster; one that runs slurmd has jobs perhaps."""
    return how.verdict.standing is Standing.FRESH and "slurmd" in host["node_roles"] and not _runs(host, "slurmd")


def _runs(host: Host, daemon: str) -> bool:
    units = host.get("ansible_facts", {}).get("blade", {}).get("units", {})
    return bool(units.get(f"{daemon}.service", {}).get("active") == "active")


def touched(hosts: Iterable[Host]) -> list[str]:
    """The names of nodes where anything differed at any look of this run, or where all tasks ran."""
    return [str(host["inventory_hostname"]) for host in hosts if _is_touched(host)]


def _is_touched(host: Host) -> bool:
    """Nothing is done to a node with problems, whatever differs there."""
    if host.get("slurm_work", {}).get("problems"):
        return False
    differed = host.get("state_before") or host.get("state_pending")
    return bool(differed or host["ansible_facts"]["blade"]["full"])


def on_trial(hosts: Iterable[Host], roles: Collection[str]) -> list[str]:
    """The names of nodes where something differs that could lock everybody out, or all tasks run; the first goes alone.

    The controller comes last: without it there is no cluster.

    Args:
        hosts: the variables of nodes that the run works on.
        roles: the roles that keep such things.
    """
    found = [host for host in hosts if set(roles) & set(host["node_roles"]) and _is_due(host, roles)]
    names = [(str(host["inventory_hostname"]), "slurmctld" in host["node_roles"]) for host in found]
    return [name for name, _ in sorted(names, key=lambda each: each[1])]


def _is_due(host: Host, roles: Collection[str]) -> bool:
    differed = [*host.get("state_before", ()), *host.get("state_pending", ())]
    return bool(host["ansible_facts"]["blade"]["full"]) or concerns(differed, roles)


def reported(wanted: Iterable[str], verified: Mapping[str, Any]) -> list[str]:
    """Of the nodes to verify those with problems, notes or news; others the controller's answer cannot name."""
    nodes = verified.get("nodes", {})
    return [name for name in wanted if name in nodes and any(nodes[name][key] for key in ("problems", "notes", "news"))]
