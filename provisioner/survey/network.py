"""Which network the nodes of a plan share, and which address each has in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from provisioner.survey.machine import Interface
from provisioner.survey.sorting import LeftOut, Seen

# Networks inside of one machine, for containers and virtual ones; many machines have the same.
_INSIDE = re.compile(r"docker|podman|cni|br-|virbr|lxc|lxd|veth|flannel|cali|tap")
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Port:
    """Where a node is in the cluster's network; `interface` is None where it did not tell which one has the address."""

    address: Address
    interface: Interface | None


@dataclass(frozen=True)
class Shared:
    """The cluster's network, why it is this one, and the port of each machine that has one there."""

    network: Network
    why: str
    ports: list[tuple[Seen, Port]]
    left_out: list[LeftOut]

    @property
    def gbit(self) -> float | None:
        """The speed of the slowest port, None where one is unknown."""
        speeds = [port.interface.speed if port.interface else 0 for _, port in self.ports]
        return min(speeds) / 1000 if speeds and min(speeds) > 0 else None


def share_network(kept: Sequence[Seen]) -> Shared:
    """The network of the machines: that of the addresses they are reached at, else one that all of them are in.

    Behind a forwarded port or a jump host the address that ssh goes to is not the machine's own; then it is the one
    that it has in the network of the others. Machines of several networks get the smallest one around all of them.
    """
    direct = [(each, own) for each in kept if (own := each.machine.interface_of(each.reach.address))]
    pairs = [(each, Port(own.ip, interface)) for each, (interface, own) in direct]
    networks = list(dict.fromkeys(own.network for _, (_, own) in direct))
    others = [each for each in kept if each not in [one for one, _ in direct]]
    inside = networks or _common(others)
    found = [(each, _port_in(each, inside)) for each in others]
    pairs += [(each, port) for each, port in found if port]
    if not pairs:
        # Nobody told an address of its own: the ones that ssh reaches have to do.
        pairs, found = [(each, Port(ip_address(each.reach.address), None)) for each in kept], []
    pairs.sort(key=lambda pair: kept.index(pair[0]))
    family = pairs[0][1].address.version
    kept_pairs, doubles = _once([pair for pair in pairs if pair[1].address.version == family])
    alien = [each for each, port in pairs if port.address.version != family]
    out = [*doubles, *(_no_port(each) for each in [*(each for each, port in found if not port), *alien])]
    addresses = [port.address for _, port in kept_pairs]
    start = next((network for network in inside if network.version == family), None)
    network = covering(addresses, start)
    return Shared(network, _why(network, kept_pairs, inside), kept_pairs, out)


def covering(addresses: Sequence[Address], start: Network | None = None) -> Network:
    """The smallest network around the addresses, from `start` on, in which none is its first or last address."""
    bits = addresses[0].max_prefixlen
    prefix = min(start.prefixlen, bits - 2) if start else bits - 8 if bits == 32 else 64
    network = ip_network((addresses[0], prefix), strict=False)
    while network.prefixlen and not all(_fits(address, network) for address in addresses):
        network = network.supernet()
    return network


def _fits(address: Address, network: Network) -> bool:
    return address in network and address not in (network.network_address, network.broadcast_address)


def _common(seen: Sequence[Seen]) -> list[Network]:
    """A network that all of them are in, [] for none.

    One in which no two have the same address comes first, then IPv4, then the fastest of the first one's ports.
    """
    rows = []
    for interface in seen[0].machine.interfaces if seen else ():
        for own in interface.addresses:
            ports = [port.address for each in seen if (port := _port_in(each, [own.network]))]
            if len(ports) == len(seen) and not _INSIDE.match(interface.name):
                rows.append((len(seen) - len(set(ports)), own.version, -interface.speed, own.network))
    return [network for *_, network in sorted(rows, key=lambda row: row[:3])[:1]]


def _port_in(each: Seen, networks: Sequence[Network]) -> Port | None:
    for interface in each.machine.interfaces:
        for own in interface.addresses:
            if any(own.version == network.version and own.ip in network for network in networks):
                return Port(own.ip, interface)
    return None


def _once(pairs: Sequence[tuple[Seen, Port]]) -> tuple[list[tuple[Seen, Port]], list[LeftOut]]:
    """No address twice, as machines behind several routers may have it."""
    owners: dict[Address, Seen] = {}
    kept, out = [], []
    for each, port in pairs:
        if other := owners.get(port.address):
            why = f"it has the address {port.address} of {other.label}"
            out.append(LeftOut(each.label, why, "give it an address of its own in the cluster's network"))
        else:
            owners[port.address] = each
            kept.append((each, port))
    return kept, out


def _no_port(each: Seen) -> LeftOut:
    why = "it has no address in the network of the others"
    return LeftOut(each.label, why, "connect it to that network, or reach it by its own address there")


def _why(network: Network, pairs: Sequence[tuple[Seen, Port]], inside: Sequence[Network]) -> str:
    names = sorted({port.interface.name for _, port in pairs if port.interface})
    if len(inside) > 1:
        return f"the smallest one around {' and '.join(map(str, sorted(map(str, inside))[:4]))}"
    if network not in inside:
        return "guessed from the addresses: correct it if it is another one"
    return f"as {', '.join(names[:3])} of the machines has it" if names else ""
