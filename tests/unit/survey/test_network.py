"""Which network machines share, also behind forwarded ports and jump hosts."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.survey.network import Shared, covering, share_network
from provisioner.survey.sorting import Seen
from tests.unit.survey.machines import seen


def interface(*addresses: str, name: str = "eth0", speed: int = 1000, mac: str = "") -> dict[str, Any]:
    return {"name": name, "mac": mac, "speed": speed, "addresses": list(addresses)}


def at(number: int, address: str, *interfaces: dict[str, Any]) -> Seen:
    return seen(number, f"m{number}", address=address, interfaces=list(interfaces))


def places(shared: Shared) -> dict[str, str]:
    return {each.label: str(port.address) for each, port in shared.ports}


def test_the_network_of_the_addresses_that_ssh_reaches() -> None:
    shared = share_network(
        [at(n, f"10.20.1.{n}", interface(f"10.20.1.{n}/22"), interface(f"192.168.0.{n}/24")) for n in (5, 6)]
    )
    assert (str(shared.network), shared.why) == ("10.20.0.0/22", "as eth0 of the machines has it")
    assert places(shared) == {"m5": "10.20.1.5", "m6": "10.20.1.6"}
    assert shared.gbit == 1
    assert shared.left_out == []


def test_machines_of_two_networks_get_the_one_around_both() -> None:
    shared = share_network([at(n, f"10.20.{n}.5", interface(f"10.20.{n}.5/24")) for n in (0, 1)])
    assert str(shared.network) == "10.20.0.0/23"
    assert "10.20.0.0/24 and 10.20.1.0/24" in shared.why


def test_behind_a_forwarded_port_the_address_is_that_of_the_network_of_all() -> None:
    machines = [
        at(n, "203.0.113.9", interface(f"192.168.{n}.1/24"), interface(f"10.20.0.{n}/24", speed=10_000)) for n in (1, 2)
    ]
    shared = share_network(machines)
    assert (str(shared.network), places(shared)) == ("10.20.0.0/24", {"m1": "10.20.0.1", "m2": "10.20.0.2"})
    assert shared.gbit == 10


@pytest.mark.parametrize("name", ["docker0", "eth1"])
def test_a_network_inside_of_each_machine_is_not_shared(name: str) -> None:
    machines = [
        at(n, f"203.0.113.{n}", interface("172.17.0.1/16", name=name, speed=40_000), interface(f"10.20.0.{n}/24"))
        for n in (1, 2)
    ]
    assert str(share_network(machines).network) == "10.20.0.0/24"
    alone = share_network(machines[:1])
    assert str(alone.network) == ("10.20.0.0/24" if name == "docker0" else "172.17.0.0/16")


def test_one_behind_a_port_joins_the_network_of_the_others() -> None:
    machines = [at(1, "10.20.0.1", interface("10.20.0.1/24")), at(2, "203.0.113.9", interface("10.20.0.2/24"))]
    assert places(share_network(machines)) == {"m1": "10.20.0.1", "m2": "10.20.0.2"}


def test_one_without_an_address_there_is_left_out() -> None:
    machines = [at(1, "10.20.0.1", interface("10.20.0.1/24")), at(2, "203.0.113.9", interface("192.168.1.2/24"))]
    shared = share_network(machines)
    assert places(shared) == {"m1": "10.20.0.1"}
    assert [each.label for each in shared.left_out] == ["m2"]


def test_two_with_one_address_are_one_node() -> None:
    machines = [at(n, "203.0.113.9", interface("10.20.0.2/24")) for n in (1, 2)]
    shared = share_network(machines)
    assert places(shared) == {"m1": "10.20.0.2"}
    assert "address 10.20.0.2 of m1" in shared.left_out[0].why


def test_machines_that_tell_no_address_have_those_that_ssh_reaches() -> None:
    shared = share_network([at(1, "10.20.0.7"), at(2, "10.20.0.8")])
    assert (str(shared.network), shared.gbit) == ("10.20.0.0/24", None)
    assert "guessed" in shared.why


def test_an_address_of_its_own_alone_gets_a_network_around_it() -> None:
    """Clouds give /32."""
    shared = share_network([at(n, f"10.128.0.{n}", interface(f"10.128.0.{n}/32")) for n in (2, 3)])
    assert str(shared.network) == "10.128.0.0/29"


def test_ipv6_alone() -> None:
    shared = share_network([at(n, f"fd00::{n}", interface(f"fd00::{n}/64")) for n in (1, 2)])
    assert str(shared.network) == "fd00::/64"


@given(
    st.lists(st.integers(1, 2**32 - 2), min_size=1, max_size=8, unique=True)
    | st.lists(st.integers(2**120, 2**121), min_size=1, max_size=8, unique=True)
)
def test_a_network_around_addresses_has_them_all_and_none_at_its_ends(numbers: list[int]) -> None:
    addresses = [ip_address(number) for number in numbers]
    network = covering(addresses)
    assert all(address in network for address in addresses)
    assert not {network.network_address, network.broadcast_address} & set(addresses)


@pytest.mark.parametrize("speeds", [(0, 1000), (0, 0)])
def test_a_speed_that_nobody_knows_is_not_guessed(speeds: tuple[int, int]) -> None:
    machines = [at(n, f"10.0.0.{n}", interface(f"10.0.0.{n}/24", speed=speed)) for n, speed in enumerate(speeds, 1)]
    assert share_network(machines).gbit is None
