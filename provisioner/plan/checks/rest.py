"""A port of the REST interface that something else of the cluster has."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Problem
from provisioner.slurm.ports import DAEMONS, SRUN

_SSH = 22


def check_rest(draft: Draft) -> Iterator[Problem]:
    """Ports of Slurm's daemons, of srun, of the exporter of metrics, and of sshd on the controller."""
    said = draft.data.get("rest")
    port = said.get("port") if isinstance(said, dict) else None
    if port is None:
        return
    owner = "sshd" if port == _ssh_port(draft) else "srun" if port in SRUN else DAEMONS.get(port)
    if owner is not None:
        yield draft.at_value(
            ("rest", "port"), f"port {port} of rest is that of {owner}", "write another one, such as 6820"
        )


def _ssh_port(draft: Draft) -> int:
    """The port of sshd on the controller: as it says, else its tier, else the plan."""
    controller = draft.cluster.get("controller", "")
    places = [draft.blades[controller], draft.tier_of(controller)] if controller in draft.blades else []
    said = [(place.get("ssh") or {}).get("port") for place in (*places, draft.data)]
    return next((int(port) for port in said if port is not None), _SSH)
