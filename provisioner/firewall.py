"""The firewall of a member: a table of nftables of its own, and whom it would shut out. Pure.

It looks at what comes in, and at nothing that goes out or through, so containers and routes are none of its business.
A packet that it lets in has still to pass the tables of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network

Net = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_SSH = 22
_PORT = re.compile(r"port ([0-9]{1,5})")
_WAY = re.compile(r"way (\S{1,80}):([0-9]{1,5}) (\S{1,80}):[0-9]{1,5}")


def firewall_rules(
    members: Iterable[str], ssh: Iterable[str], trusted: Iterable[str], opened: Iterable[int], ports: Sequence[int]
) -> str:
    """The file for `nft -f`: it puts its table in place of the one that was there, in one step.

    Args:
        members: networks and addresses of the members, which reach everything.
        ssh: from where sshd is reached.
        trusted: who else reaches everything.
        opened: TCP ports that everybody reaches.
        ports: the ports of sshd.

    Raises:
        ValueError: something is no network, address or port.
    """
    lines = [
        *_from([*members, *trusted], "accept"),
        *_from(ssh, f"tcp dport {_numbers(ports)} accept"),
        *([f"tcp dport {_numbers(found)} accept"] if (found := list(opened)) else []),
    ]
    inside = "\n        ".join(lines)
    return f"""\
#!/usr/sbin/nft -f
# Written by provision (role firewall): the plan's `firewall`. This table alone is ours; all others stay.
table inet provision
delete table inet provision
table inet provision {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        {inside}
        ct state established,related accept
        meta l4proto {{ icmp, icmpv6 }} accept
        # Who boots has no address yet, and who has none asks for one.
        udp sport {{ 67, 68 }} udp dport {{ 67, 68 }} accept
        udp sport 547 udp dport 546 accept
    }}
}}
"""


def sshd_ports(said: str) -> list[int]:
    """The ports of sshd, by what the node says (`port 22` lines, and the `way` of this very connection)."""
    ports = {int(found) for found in _PORT.findall(said)}
    ports |= {int(way[2]) for way in _WAY.finditer(said)}
    return sorted(port for port in ports if 0 < port < 65536) or [_SSH]


def shut_out(said: str, members: Iterable[str], ssh: Iterable[str], trusted: Iterable[str]) -> str:
    """The address that this run comes from, where the firewall would not let it in again; '' where it would.

    Args:
        said: what the node says of the connection: `way LOCAL:PORT PEER:PORT`; nothing where it comes by none.
        members: see `firewall_rules`, as for the others.
        ssh: from where sshd is reached.
        trusted: who else reaches everything.
    """
    known = [ip_network(each) for each in (*members, *ssh, *trusted)]
    for way in _WAY.finditer(said):
        peer = _address(way[3])
        if peer is not None and not peer.is_loopback and not any(peer in net for net in known):
            return str(peer)
    return ""


def shut_out_problems(peer: str) -> list[str]:
    """What speaks against a firewall that would shut out the address that this run comes from, '' for none."""
    words = f"the firewall of the plan would shut out {peer}, where this run comes from"
    step = "next: add that address to `ssh` of `firewall` in the plan, or run from one that is there"
    return [f"{words}; {step}"] if peer else []


def _from(sources: Iterable[str], verdict: str) -> list[str]:
    """The rules for packets from these networks, one for each version of IP."""
    nets = [ip_network(each) for each in sources]
    four = collapse_addresses(net for net in nets if isinstance(net, IPv4Network))
    six = collapse_addresses(net for net in nets if isinstance(net, IPv6Network))
    return [
        f"{word} saddr {{ {', '.join(map(_shown, its))} }} {verdict}"
        for word, its in (("ip", list[Net](four)), ("ip6", list[Net](six)))
        if its
    ]


def _shown(net: Net) -> str:
    return str(net.network_address if net.prefixlen == net.max_prefixlen else net)


def _numbers(ports: Iterable[int]) -> str:
    found = sorted(set(ports))
    if not all(0 < port < 65536 for port in found):
        raise ValueError(f"no ports: {found}")
    return f"{{ {', '.join(map(str, found))} }}"


def _address(text: str) -> Address | None:
    """An address as `ss` prints it; that of an IPv4 connection to an IPv6 socket is the IPv4 one."""
    try:
        found = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
