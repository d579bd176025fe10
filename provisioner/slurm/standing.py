"""How a cluster stands, from what its controller answered to the playbook `status.yml`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.slurm.security import cluster_security, registry_in
from provisioner.slurm.status import ClusterStatus, parse_status


@dataclass(frozen=True)
class Standing:
    """What slurmctld says, which packages lack fixes (`cluster_security`), and the registry's records by node."""

    cluster: ClusterStatus
    security: dict[str, Any]
    registry: dict[str, dict[str, Any]]


def standing(results: Mapping[str, Mapping[str, Any]], cluster: str, controller: str) -> Standing:
    """Reads what the tasks on the controller returned.

    Args:
        cluster: its name.
        controller: node name of the controller.
    """
    packages = str(results.get("Ask which packages the members have", {}).get("stdout", ""))
    return Standing(
        parse_status(results["Ask slurmctld"]),
        cluster_security(packages, cluster, controller),
        registry_in(packages, cluster),
    )
