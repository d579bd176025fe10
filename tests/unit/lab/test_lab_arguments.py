from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from provisioner.lab.arguments import BladeSpec, create, gateway, mac_address, network_create
from provisioner.lab.host import Cgroups, Host
from provisioner.lab.settings import Release

SPEC = BladeSpec(
    cluster="test",
    blade="BLD-001",
    address=IPv4Address("10.77.0.101"),
    release=Release.BOOKWORM,
    image="localhost/provision-lab:bookworm-0",
    devices=("/dev/loop3", "/dev/loop12"),
    state="/state",
)


def test_a_blade_is_never_privileged_and_sees_its_own_disks_only(v1_host: Host) -> None:
    argv = create(SPEC, v1_host)
    assert "--privileged" not in argv
    assert [word for word in argv if word.startswith("--device")] == [
        "--device=/dev/loop3:/dev/loop3:rwm",
        "--device=/dev/loop12:/dev/loop12:rwm",
    ]
    assert not [word for word in argv if "/dev" in word and "loop" not in word]


def test_name_address_and_limits_are_the_plans_and_the_hosts(v1_host: Host) -> None:
    argv = create(SPEC, v1_host)
    for option, value in {
        "--name": "provision-lab-test-bld-001",
        "--ip": "10.77.0.101",
        "--hostname": "bld-001",
        "--network": "provision-lab-test",
        "--pids-limit": "-1",
        "--restart": "on-failure",
    }.items():
        assert argv[argv.index(option) + 1] == value
    assert "--ulimit=nofile=20000:20000" in argv


@pytest.mark.parametrize(
    ("cgroups", "release", "extra"),
    [
        (Cgroups.V1, Release.BOOKWORM, 0),
        (Cgroups.V2, Release.BOOKWORM, 0),
        (Cgroups.V2, Release.TRIXIE, 0),
        (Cgroups.V1, Release.TRIXIE, 2),
    ],
)
def test_only_trixie_on_v1_is_told_to_accept_it(v1_host: Host, cgroups: Cgroups, release: Release, extra: int) -> None:
    argv = create(replace(SPEC, release=release), replace(v1_host, cgroups=cgroups))
    command = argv[argv.index(SPEC.image) + 1 :]
    assert command[0] == "/lib/systemd/systemd"
    assert len(command) == 1 + extra


def test_confinement_of_the_host_is_lifted_only_where_it_exists(v1_host: Host) -> None:
    plain = create(SPEC, v1_host)
    assert not [word for word in plain if "apparmor" in word or "label=disable" in word]
    confined = create(SPEC, replace(v1_host, apparmor=True, selinux=True))
    assert "--security-opt=apparmor=unconfined" in confined
    assert "--security-opt=label=disable" in confined


def test_the_network_has_no_names_and_the_plans_subnet() -> None:
    argv = network_create("test", IPv4Network("10.77.0.0/24"))
    assert "--disable-dns" in argv
    assert argv[argv.index("--subnet") + 1] == "10.77.0.0/24"
    assert str(gateway(IPv4Network("10.77.0.0/24"))) == "10.77.0.1"


def test_mac_addresses_are_local_unicast_and_differ_with_the_address() -> None:
    macs = {mac_address(IPv4Address(f"10.77.0.{last}")) for last in range(1, 255)}
    assert len(macs) == 254
    assert all(int(mac[:2], 16) & 0b11 == 0b10 for mac in macs)
