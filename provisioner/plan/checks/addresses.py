"""How blades are reached: addresses in every network, the way of ssh, and what is one machine's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Keys, Problem, did_you_mean, printable

_Network = IPv4Network | IPv6Network


def check_addresses(draft: Draft) -> Iterator[Problem]:
    """Addresses and what else is one machine's own: outside their network, or twice there."""
    yield from _addresses(draft)
    yield from _other_networks(draft)
    yield from _ways(draft)
    for key in ("mac", "serial"):
        yield from _own(draft, key)
    yield from _jumps(draft)


def _addresses(draft: Draft) -> Iterator[Problem]:
    written = draft.cluster.get("network")
    network = ip_network(written) if written else None
    seen: dict[Any, tuple[str, Keys]] = {}
    for name, blade in draft.blades.items():
        for key in ("address", "address6"):
            if blade.get(key) is None:
                continue
            address, place = ip_address(blade[key]), ("blades", name, key)
            # Of IPv6 besides IPv4 the plan knows no network.
            if key == "address" and network and (wrong := _unfit(address, network, "the cluster's network")):
                yield draft.at_value(place, f"address {address} of {printable(name)} {wrong}", _fit(network))
            elif other := seen.get(address):
                owner = f"{printable(other[0])} ({draft.where_value(other[1], place)})"
                wrong = f"{key} {address} of {printable(name)} is already that of {owner}"
                yield draft.at_value(place, wrong, "give each blade its own")
            seen.setdefault(address, (name, place))


def _other_networks(draft: Draft) -> Iterator[Problem]:
    networks = {key: ip_network(text) for key, text in (draft.cluster.get("networks") or {}).items() if text}
    seen: dict[tuple[str, Any], str] = {}
    for name, blade in draft.blades.items():
        for key, text in (blade.get("networks") or {}).items():
            place = ("blades", name, "networks", key)
            if key not in networks:
                if not draft.knows("cluster", "networks", key):
                    right = did_you_mean(key, networks, "describe it in `networks` of the cluster")
                    yield draft.at_key(place, f"{printable(name)} is in an unknown network {printable(key)}", right)
                continue
            address = ip_address(text)
            if wrong := _unfit(address, networks[key], "the network"):
                what = f"{printable(key)} address {address} of {printable(name)} {wrong}"
                yield draft.at_value(place, what, _fit(networks[key]))
            elif first := seen.get((key, address)):
                owner = f"{printable(first)} ({draft.where_value(('blades', first, 'networks', key), place)})"
                wrong = f"{printable(key)} address {address} of {printable(name)} is already that of {owner}"
                yield draft.at_value(place, wrong, "give each blade its own")
            seen.setdefault((key, address), name)


def _unfit(address: Any, network: _Network, called: str) -> str:
    if address not in network:
        return f"is outside {called} {network}"
    if network.num_addresses <= 2:
        return ""
    if address == network.network_address:
        return f"is the address of the network {network} itself"
    if address == network.broadcast_address and network.version == 4:
        return f"is the broadcast address of {network}"
    return ""


def _fit(network: _Network) -> str:
    first, last = network.network_address, network.broadcast_address
    if network.num_addresses > 2:
        first, last = first + 1, last - (1 if network.version == 4 else 0)
    return f"use one from {first} to {last}"


def _ways(draft: Draft) -> Iterator[Problem]:
    """Two blades behind one address and port would be one machine."""
    seen: dict[tuple[Any, ...], str] = {}
    for name, blade in draft.blades.items():
        own, tier = blade.get("ssh") or {}, draft.tier_of(name).get("ssh") or {}
        whole = {**(draft.data.get("ssh") or {}), **_given(tier), **_given(own)}
        if own.get("address") is None:
            continue
        way = (ip_address(own["address"]), whole.get("port") or 22, whole.get("jump"))
        place = ("blades", name, "ssh", "address")
        if first := seen.get(way):
            owner = f"{printable(first)} ({draft.where_value(('blades', first, 'ssh', 'address'), place)})"
            wrong = f"ssh reaches {printable(name)} where it reaches {owner}"
            yield draft.at_value(place, wrong, "give one of them another address or port")
        seen.setdefault(way, name)


def _given(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}


def _own(draft: Draft, key: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, blade in draft.blades.items():
        if blade.get(key) is None:
            continue
        value, place = re.sub("-", ":", str(blade[key]).lower()), ("blades", name, key)
        first = seen.setdefault(value, name)
        # Within one set it is a problem of the set, told already.
        if draft.nodes.written(("blades", first)) != draft.nodes.written(("blades", name)):
            owner = f"{printable(first)} ({draft.where_value(('blades', first, key), place)})"
            wrong = f"{key} {blade[key]} of {printable(name)} is already that of {owner}"
            yield draft.at_value(place, wrong, "give each blade its own")


def _jumps(draft: Draft) -> Iterator[Problem]:
    places: list[Keys] = [("ssh",), *(("tiers", tier, "ssh") for tier in draft.tiers)]
    ways = [(place, _at(draft.data, place)) for place in places]
    ways += [(("blades", name, "ssh"), blade.get("ssh")) for name, blade in draft.blades.items()]
    for place, way in ways:
        jump = way.get("jump") if isinstance(way, dict) else None
        ports = re.findall(r":([0-9]{1,5})$", jump or "")
        if wrong := [port for port in ports if not 1 <= int(port) <= 65535]:
            yield draft.at_value((*place, "jump"), f"jump has the port {wrong[0]}", "write a port from 1 to 65535")


def _at(data: Any, path: Keys) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
