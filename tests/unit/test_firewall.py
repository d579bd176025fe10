"""Whom a firewall lets in, and whether the run that brings it could come again."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.firewall import firewall_rules, shut_out, sshd_ports

MEMBERS, SSH, TRUSTED = ["10.20.0.0/24"], ["192.0.2.0/24"], ["10.9.9.9/32"]
WAY = "port 22\nway 10.20.0.6:22 {}:51000\n"
addresses = st.ip_addresses(v=4).map(str)
networks = st.one_of(
    addresses,
    st.tuples(addresses, st.integers(0, 32)).map(lambda pair: str(ip_network("/".join(map(str, pair)), False))),
)


def rules(text: str) -> list[str]:
    """The lines of the chain, without comments."""
    inside = text.partition("policy drop;\n")[2].partition("    }\n")[0]
    return [line.strip() for line in inside.splitlines() if not line.strip().startswith("#")]


def lets_in(text: str, peer: str, port: int) -> bool:
    """Whether the table lets a new TCP connection from an IPv4 address in."""
    for rule in rules(text):
        found = re.fullmatch(r"(?:ip saddr \{ (.*?) \} ?)?(?:tcp dport \{ (.*?) \} )?accept", rule)
        if found is None:
            continue
        sources = [ip_network(each) for each in found[1].split(", ")] if found[1] else None
        ports = [int(each) for each in found[2].split(", ")] if found[2] else None
        if (sources is None or any(ip_address(peer) in net for net in sources)) and (ports is None or port in ports):
            return True
    return False


@pytest.mark.parametrize(
    ("peer", "port", "expected"),
    [
        ("10.20.0.9", 40000, True),
        ("10.9.9.9", 40000, True),
        ("192.0.2.7", 2222, True),
        ("192.0.2.7", 6817, False),
        ("198.51.100.7", 443, True),
        ("198.51.100.7", 22, False),
        ("198.51.100.7", 6818, False),
    ],
)
def test_it_is_open_for_members_ssh_and_what_the_plan_opens(peer: str, port: int, expected: bool) -> None:
    assert lets_in(firewall_rules(MEMBERS, SSH, TRUSTED, [443], [22, 2222]), peer, port) is expected


def test_it_empties_no_table_but_its_own() -> None:
    text = firewall_rules(MEMBERS, SSH, TRUSTED, [], [22])
    assert "flush" not in text
    assert re.findall(r"^(?:delete )?table .*$", text, re.MULTILINE) == [
        "table inet provision",
        "delete table inet provision",
        "table inet provision {",
    ]
    assert "forward" not in text


def test_without_names_of_one_version_there_is_no_rule_for_it() -> None:
    """An empty set is none that nft reads."""
    four = firewall_rules(MEMBERS, SSH, [], [], [22])
    assert "ip6 saddr" not in four
    assert "tcp dport {  }" not in four
    six = firewall_rules(["fd00:20::/64"], ["fd00:30::7"], [], [], [22])
    assert "ip saddr" not in six
    assert "ip6 saddr { fd00:30::7 } tcp dport { 22 } accept" in rules(six)


@given(st.lists(networks, max_size=6), st.lists(networks, min_size=1, max_size=6), addresses)
def test_who_is_not_shut_out_gets_in(members: list[str], ssh: list[str], peer: str) -> None:
    refused = shut_out(WAY.format(peer), members, ssh, [])
    assert refused in ("", peer)
    if not ip_address(peer).is_loopback:
        assert lets_in(firewall_rules(members, ssh, [], [], [22]), peer, 22) is (refused == "")


@given(st.lists(networks, max_size=20))
def test_no_set_names_an_address_twice(members: list[str]) -> None:
    """nft refuses sets that overlap."""
    for found in re.findall(r"ip saddr \{ (.*?) \}", firewall_rules(members, [], [], [], [22])):
        nets = [ip_network(each) for each in found.split(", ")]
        assert not [(one, other) for one in nets for other in nets if one is not other and one.overlaps(other)]


@pytest.mark.parametrize(
    ("said", "ports", "refused"),
    [
        ("", [22], ""),
        ("port 22\nport 2222\n", [22, 2222], ""),
        ("port 22\nway 10.20.0.6:2200 192.0.2.7:51000", [22, 2200], ""),
        ("way [fd00:20::6]:22 [2001:db8::7]:51000", [22], "2001:db8::7"),
        ("way [fe80::1%eth0]:22 [fe80::7%eth0]:51000", [22], "fe80::7"),
        ("way [::ffff:10.20.0.6]:22 [::ffff:198.51.100.7]:51000", [22], "198.51.100.7"),
        ("way [::ffff:10.20.0.6]:22 [::ffff:192.0.2.7]:51000", [22], ""),
        ("way 127.0.0.1:22 127.0.0.1:51000", [22], ""),
        ("port 99999\nway x:y z", [22], ""),
        ("way 10.20.0.6:22 $(reboot):1", [22], ""),
        ("port 0\nport 22x\nway 10.20.0.6:0 203.0.113.9:1", [22], "203.0.113.9"),
    ],
)
def test_what_a_node_says_of_its_sshd(said: str, ports: list[int], refused: str) -> None:
    assert sshd_ports(said) == ports
    assert shut_out(said, MEMBERS, SSH, TRUSTED) == refused


def test_what_is_no_port_gets_into_no_file() -> None:
    with pytest.raises(ValueError, match="no ports"):
        firewall_rules(MEMBERS, SSH, [], [70000], [22])
