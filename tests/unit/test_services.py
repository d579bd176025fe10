"""What a plan tells the roles of services."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.plan.load import parse_plan
from provisioner.plan.model import Plan
from provisioner.roles import roles_of
from provisioner.services import opened_ports, service_variables

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, networks: {fast: 10.30.0.0/24}, controller: BLD-006}
tiers:
  fat: {slurm: [controller]}
  thin: {slurm: [compute]}
  "off": {slurm: []}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, address6: "fd00:20::6", tier: fat, ram: 16}
  BLD-011: {bay: 11, address: 10.20.0.111, networks: {fast: 10.30.0.11}, tier: thin, ram: 16}
  BLD-016: {bay: 16, address: 10.20.0.116, networks: {fast: 10.30.0.16}, tier: "off", ram: 16}
"""


def plan(said: str) -> Plan:
    return parse_plan(PLAN + said, Path("plan.yml"))


def test_without_a_word_there_is_no_firewall() -> None:
    site = plan("")
    assert service_variables(site) == {}
    assert not [name for name in site.blades if "firewall" in roles_of(site, name)]


def test_members_are_closed_and_nobody_else() -> None:
    site = plan("firewall: {ssh: [192.0.2.0/24]}\n")
    assert [name for name in site.blades if "firewall" in roles_of(site, name)] == ["BLD-006", "BLD-011"]


def test_the_cluster_is_its_network_and_all_other_addresses_of_its_blades() -> None:
    """Also those of blades that become members later: nodes that no run touches let them in."""
    told = service_variables(plan("firewall: {ssh: [192.0.2.0/24, 198.51.100.7], trusted: ['fd00:99::/64']}\n"))
    assert told == {
        "firewall_members": ["10.20.0.0/24", "10.30.0.11", "10.30.0.16", "fd00:20::6"],
        "firewall_ssh": ["192.0.2.0/24", "198.51.100.7/32"],
        "firewall_trusted": ["fd00:99::/64"],
    }


@pytest.mark.parametrize(
    ("rest", "controller", "node"),
    [
        ("rest: false", [443], [443]),
        ("rest: true", [443], [443]),
        ("rest: {listen: network, port: 8080}", [443, 8080], [443]),
        ("rest: {listen: network, port: 1443}", [443, 1443], [443]),
    ],
)
def test_what_the_plan_gives_to_the_network_is_open(rest: str, controller: list[int], node: list[int]) -> None:
    site = plan(f"firewall: {{ssh: [192.0.2.0/24], open: [443]}}\n{rest}\n")
    assert opened_ports(site, "BLD-006") == controller
    assert opened_ports(site, "BLD-011") == node
