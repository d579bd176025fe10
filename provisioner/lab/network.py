"""The bridge of a lab, and whether the plan's addresses are free on this host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from provisioner.errors import UsageError
from provisioner.lab import arguments, settings
from provisioner.lab.command import run
from provisioner.lab.podman import Podman


def ensure_network(podman: Podman, cluster: str, network: IPv4Network) -> None:
    """Makes the lab's network unless it is there already.

    Raises:
        UsageError: the addresses belong to another network of this host.
    """
    networks = podman.networks()
    name = settings.network_name(cluster)
    own = next((each for each in networks if each["name"] == name), None)
    if own is not None:
        if not _is_labs(own, cluster):
            raise UsageError(
                f"there is a network {name} on this machine that no lab has made",
                f"look at it (podman network inspect {name}), and remove it or give this plan another cluster name",
            )
        if network not in subnets(own):
            raise UsageError(
                f"the lab of {cluster} runs on another network than the plan says ({network})",
                "remove the lab first: provision lab down",
            )
        return
    routes = json.loads(run(["ip", "-json", "-4", "route", "show"], "reading the routes"))
    for taken, owner in [*podman_networks(networks), *routed_networks(routes)]:
        if taken.overlaps(network):
            raise UsageError(
                f"the plan's network {network} is in use on this machine: {taken} is {owner}",
                "run the lab on another machine, or give a copy of the plan another network",
            )
    podman.call(arguments.network_create(cluster, network), f"making the network {name}")


def remove_network(podman: Podman, cluster: str) -> None:
    """Removes the lab's network if there is one."""
    name = settings.network_name(cluster)
    if any(each["name"] == name and _is_labs(each, cluster) for each in podman.networks()):
        podman.call(["network", "rm", "--force", name], f"removing the network {name}")


def _is_labs(network: Mapping[str, Any], cluster: str) -> bool:
    """By its label: a name can be anybody's."""
    return bool((network.get("labels") or {}).get(settings.CLUSTER_LABEL) == cluster)


def subnets(network: Mapping[str, Any]) -> list[IPv4Network]:
    """The IPv4 subnets of a network as podman describes it."""
    found = (ip_network(each["subnet"]) for each in network.get("subnets") or [])
    return [each for each in found if isinstance(each, IPv4Network)]


def podman_networks(networks: Iterable[Mapping[str, Any]]) -> list[tuple[IPv4Network, str]]:
    """(subnet, who has it) of podman's networks."""
    return [(subnet, f"podman's network {each['name']}") for each in networks for subnet in subnets(each)]


def routed_networks(routes: Iterable[Mapping[str, Any]]) -> list[tuple[IPv4Network, str]]:
    """(destination, who has it) of the host's routes, the default route left out."""
    return [
        (IPv4Network(route["dst"], strict=False), f"routed over {route.get('dev', 'this machine')}")
        for route in routes
        if route["dst"] != "default"
    ]
