"""What the roles of the services around the jobs are told: the REST interface, the firewall. Pure."""

from __future__ import annotations

from typing import Any

from provisioner.names import host_name
from provisioner.plan.derive import rest_way
from provisioner.plan.model import Plan


def service_variables(plan: Plan) -> dict[str, Any]:
    """The variables that all blades share; nothing of what the plan does not want."""
    return {**_rest(plan), **_firewall(plan)}


def opened_ports(plan: Plan, name: str) -> list[int]:
    """The TCP ports of a blade that its firewall leaves open to everybody."""
    way = rest_way(plan)
    own = [way.port] if way and way.listen == "network" and name == plan.cluster.controller else []
    return sorted({*(plan.firewall.open if plan.firewall else ()), *own})


def _rest(plan: Plan) -> dict[str, Any]:
    way = rest_way(plan)
    if way is None:
        return {}
    return {
        "jwt_key_host": host_name(plan.cluster.controller),
        "slurmctld_tokens": True,
        "slurmdbd_tokens": True,
        "slurmrestd_address": (
            str(plan.blades[plan.cluster.controller].address) if way.listen == "network" else "127.0.0.1"
        ),
        "slurmrestd_port": way.port,
    }


def _firewall(plan: Plan) -> dict[str, Any]:
    if plan.firewall is None:
        return {}
    # A blade that joins later is in the network, and nodes that no run touches let it in; addresses in other networks
    # have to be named, since their networks are not.
    more = {str(each) for blade in plan.blades.values() for each in (blade.address6, *blade.networks.values()) if each}
    return {
        "firewall_members": [str(plan.cluster.network), *sorted(more)],
        "firewall_ssh": [str(each) for each in plan.firewall.ssh],
        "firewall_trusted": [str(each) for each in plan.firewall.trusted],
    }
