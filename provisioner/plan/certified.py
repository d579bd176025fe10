"""Which blades the site's host CA vouches for, and by which names. Pure."""

from __future__ import annotations

from collections import Counter

from provisioner.names import host_name
from provisioner.plan.derive import domain_of, host_key_pins
from provisioner.plan.model import Plan
from provisioner.plan.way import way_to


def certified(plan: Plan) -> dict[str, list[str]]:
    """The names that the certificate of each blade is good for, by blade; {} where the plan wants no host CA.

    A blade whose key the plan pins is left out, since that key is the only one that counts. So are blades that are
    reached at one address (by different ports): a certificate says nothing of ports, and one of them could pass for
    the other.
    """
    if plan.host_ca is False:
        return {}
    found = {name: _addresses(plan, name) for name in plan.blades}
    used = Counter(address for addresses in found.values() for address in addresses)
    return {
        name: [*_called(plan, name), *addresses]
        for name, addresses in found.items()
        if not host_key_pins(plan.blades[name]) and all(used[address] == 1 for address in addresses)
    }


def takes_unknown(plan: Plan, announced: bool) -> bool:
    """Whether the first key of a blade that was never met is taken as it is."""
    return announced or plan.host_ca != "required"


def _addresses(plan: Plan, name: str) -> list[str]:
    blade = plan.blades[name]
    more = [str(blade.address6)] if blade.address6 else []
    return list(dict.fromkeys([str(blade.address), *more, way_to(plan, name).address]))


def _called(plan: Plan, name: str) -> list[str]:
    host, domain = host_name(name), domain_of(plan, plan.blades[name])
    return [host, f"{host}.{domain}"] if domain else [host]
