"""What holds after a verb to which something happened, once an ordinary run has followed."""

from __future__ import annotations

import json
import re

from tests.campaign.cluster import USER, Cluster, shortly
from tests.cluster.waiting import until

# What no verb leaves behind, on any blade.
LEFT = (
    "ls -d /run/provision-rotation /var/lib/provision/backup /var/lib/provision/restore "
    "/var/lib/slurm/slurmctld.restoring /etc/munge/munge.key.rotating 2> /dev/null; true"
)
_LOCK = "pgrep -x provision-lock || true"
_BY_ITSELF = ("provision: health: ", "provision: job-tmp: ")
_FREE = {"idle", "mixed", "allocated"}
# Seconds: slurmctld says once more that a job is over to a node that did not take it, such as one with another key.
_COMPLETES = 180


def everyone(cluster: Cluster) -> list[str]:
    """All blades of the cluster, the controller first."""
    return [cluster.lab.controller, *computing(cluster)]


def computing(cluster: Cluster) -> list[str]:
    """All blades that compute."""
    return [*cluster.targets, cluster.keeper]


def our_drains(cluster: Cluster) -> str:
    """The reasons of nodes that are ours, '' for none."""
    rows = cluster.lab.ask("sinfo --noheader --Node --format='%N %T %E' | sort -u").splitlines()
    return "; ".join(row for row in rows if "provision:" in row)


def forgotten_drains(cluster: Cluster, meant: str = "") -> str:
    """The drains that begin with our words, '' for none, without that of a blade that is meant to be drained.

    What a node has by itself (its health check, its folders for jobs) it takes back by itself.
    """
    rows = cluster.lab.ask("scontrol --oneliner show nodes")
    found = re.findall(r"^NodeName=(\S+).* State=(\S+).* Reason=(provision: .*?) \[", rows, re.MULTILINE)
    return "; ".join(
        f"{name}: {reason}"
        for name, state, reason in found
        if "DRAIN" in state and not reason.startswith(_BY_ITSELF) and name != meant.lower()
    )


def keys(cluster: Cluster) -> dict[str, str]:
    """A digest of munge's key of each blade."""
    return {name: cluster.lab.inside(name, "sha256sum < /etc/munge/munge.key").split()[0] for name in everyone(cluster)}


def whole_again(cluster: Cluster, evidence: dict[str, str]) -> list[str]:
    """One run makes everything whole, and one more changes nothing; returns the promises that broke."""
    first = cluster.lab.slurm(computing(cluster))
    evidence["the run after it"] = shortly(first)
    # Where jobs are it may add none; `as_one` proves more.
    if first.code != 0:
        return ["one run does not make it whole"]
    broken = []
    if ours := our_drains(cluster):
        broken.append(f"a drain is left: {ours}")
    second = cluster.lab.slurm(computing(cluster))
    evidence["the one after that"] = shortly(second)
    if second.code != 0 or second.json["changed"] != 0:
        broken.append("the run after it changes something")
    if "Traceback" in first.text + second.text:
        broken.append("a traceback")
    return broken


def as_one(cluster: Cluster, evidence: dict[str, str]) -> list[str]:
    """All nodes are one cluster with one key, no verb holds it, and none has left anything; what is not so."""
    lab, broken = cluster.lab, []
    until(lambda: len(set(keys(cluster).values())) == 1, 90)
    if len(set((now := keys(cluster)).values())) != 1:
        broken.append("nodes have other keys than their controller")
        evidence["keys"] = json.dumps(now, indent=1)
    until(lambda: set(lab.states().values()) <= _FREE, _COMPLETES)
    if not set((states := lab.states()).values()) <= _FREE or set(states) != set(computing(cluster)):
        broken.append(f"nodes are not free: {states}")
    elif words := _over_all(cluster):
        broken.append("no job runs over all nodes")
        evidence["job over all"] = words
    if not until(lambda: lab.ask(_LOCK) == "", 30):
        broken.append("the lock of the cluster is held")
    until(lambda: not _left(cluster), 90)
    if left := _left(cluster):
        broken.append("something of a verb is left")
        evidence["left"] = left
    return broken


def _over_all(cluster: Cluster) -> str:
    """What a job over all nodes says that does not run on each of them."""
    nodes = [name.lower() for name in computing(cluster)]
    command = f"srun --nodes={len(nodes)} --ntasks-per-node=1 --mem=8 --immediate=60 --chdir=/ hostname"
    said = cluster.lab.tried(cluster.lab.controller, f"runuser -u {USER} -- timeout 90 {command}")
    return "" if said.code == 0 and sorted(said.out.split()) == sorted(nodes) else said.text or f"exit code {said.code}"


def _left(cluster: Cluster) -> str:
    works = "systemctl is-active --quiet provision-rotation && echo provision-rotation works; true"
    found = {name: cluster.lab.inside(name, f"{LEFT}; {works}") for name in everyone(cluster)}
    return "\n".join(f"{name}: {words}" for name, words in found.items() if words)
