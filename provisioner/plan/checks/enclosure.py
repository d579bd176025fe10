"""Where blades sit and how they are reached: ids, bays and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from provisioner.names import blade_id, host_name
from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Problem, printable

# Names that mean something else to Ansible or Slurm.
RESERVED_HOSTS = frozenset({"all", "ungrouped", "localhost", "default"})


def check_enclosure(draft: Draft) -> Iterator[Problem]:
    """Duplicate or reserved ids; bays and addresses that are taken or out of range."""
    yield from _ids(draft)
    yield from _bays(draft)
    yield from _addresses(draft)


def _ids(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    # A name in capitals is the one to keep, wherever it stands.
    for name in sorted(draft.blades, key=lambda name: name != blade_id(name)):
        place = ("blades", name)
        if first := seen.get(blade_id(name)):
            line = draft.tree.key_at(("blades", first)).line
            wrong = f"{printable(name)} is the same blade as {printable(first)} on line {line}"
            yield draft.at_key(place, wrong, "keep one of them")
        elif host_name(name) in RESERVED_HOSTS:
            yield draft.at_key(place, f"{name} is a reserved name", "call the blade BLD-nnn")
        seen.setdefault(blade_id(name), name)


def _bays(draft: Draft) -> Iterator[Problem]:
    seen: dict[int, str] = {}
    free = _free_bays(draft)
    for name, blade in draft.blades.items():
        bay, place = blade.get("bay"), ("blades", name, "bay")
        if bay is None:
            continue
        if bay > draft.bays:
            wrong = f"bay {bay} of {printable(name)} is outside the enclosure"
            yield draft.at_value(place, wrong, f"it has the bays 1 to {draft.bays}")
        elif bay in seen:
            line = draft.line_of(("blades", seen[bay], "bay"))
            wrong = f"bay {bay} of {printable(name)} already holds {printable(seen[bay])} (line {line})"
            yield draft.at_value(place, wrong, free)
        seen.setdefault(bay, name)


def _free_bays(draft: Draft) -> str:
    taken = {blade.get("bay") for blade in draft.blades.values()}
    free = [str(bay) for bay in range(1, draft.bays + 1) if bay not in taken]
    return f"free bays: {', '.join(free[:8])}" if free else "no bay is free"


def _addresses(draft: Draft) -> Iterator[Problem]:
    written = draft.cluster.get("network")
    network = IPv4Network(written) if written else None
    seen: dict[IPv4Address, str] = {}
    for name, blade in draft.blades.items():
        if blade.get("address") is None:
            continue
        address, place = IPv4Address(blade["address"]), ("blades", name, "address")
        if network and (wrong := _unfit(address, network)):
            yield draft.at_value(place, f"address {address} of {printable(name)} {wrong}", _fit(network))
        elif address in seen:
            line = draft.line_of(("blades", seen[address], "address"))
            other = f"{printable(seen[address])} (line {line})"
            wrong = f"address {address} of {printable(name)} is already that of {other}"
            yield draft.at_value(place, wrong, "give each blade its own")
        seen.setdefault(address, name)


def _unfit(address: IPv4Address, network: IPv4Network) -> str:
    if address not in network:
        return f"is outside the cluster's network {network}"
    if network.prefixlen > 30:
        return ""
    if address == network.network_address:
        return f"is the address of the network {network} itself"
    if address == network.broadcast_address:
        return f"is the broadcast address of {network}"
    return ""


def _fit(network: IPv4Network) -> str:
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.prefixlen <= 30:
        first, last = first + 1, last - 1
    return f"use one from {IPv4Address(first)} to {IPv4Address(last)}"
