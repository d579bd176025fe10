from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

import pytest

from provisioner.errors import UsageError
from provisioner.lab import network
from provisioner.lab.network import ensure_network, podman_networks, remove_network, routed_networks
from provisioner.lab.podman import Podman

PLAN = IPv4Network("10.77.0.0/24")
LABELS = {"provision-lab.cluster": "test"}


class FakePodman(Podman):
    """Podman with these networks; remembers what it was told."""

    def __init__(self, networks: list[dict[str, Any]]) -> None:
        self._networks = networks
        self.calls: list[list[str]] = []

    def networks(self) -> list[dict[str, Any]]:
        return self._networks

    def call(self, argv: Sequence[str], purpose: str, stdin: bytes = b"") -> str:
        self.calls.append(list(argv))
        return ""


def ensure(monkeypatch: pytest.MonkeyPatch, podman: FakePodman, routes: list[dict[str, str]]) -> None:
    monkeypatch.setattr(network, "run", lambda argv, purpose: json.dumps(routes))
    ensure_network(podman, "test", PLAN)


def test_a_free_range_is_made_and_the_default_route_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    podman = FakePodman([{"name": "podman", "subnets": [{"subnet": "10.88.0.0/16"}]}])
    ensure(monkeypatch, podman, [{"dst": "default"}, {"dst": "192.0.2.0/24", "dev": "eth0"}])
    assert podman.calls[0][:2] == ["network", "create"]


@pytest.mark.parametrize(
    ("networks", "routes", "owner"),
    [
        ([{"name": "other", "subnets": [{"subnet": "10.77.0.0/16"}]}], [], "podman's network other"),
        ([], [{"dst": "10.0.0.0/8", "dev": "tun0"}], "routed over tun0"),
        ([], [{"dst": "10.77.0.7", "dev": "eth0"}], "routed over eth0"),
    ],
)
def test_a_taken_range_is_refused_with_its_owner(
    monkeypatch: pytest.MonkeyPatch,
    networks: list[dict[str, Any]],
    routes: list[dict[str, str]],
    owner: str,
) -> None:
    podman = FakePodman(networks)
    with pytest.raises(UsageError, match=owner):
        ensure(monkeypatch, podman, routes)
    assert podman.calls == []


def test_the_labs_own_network_is_kept_and_a_changed_plan_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own: dict[str, Any] = {"name": "provision-lab-test", "subnets": [{"subnet": str(PLAN)}], "labels": LABELS}
    podman = FakePodman([own])
    ensure(monkeypatch, podman, [{"dst": str(PLAN), "dev": "podman1"}])
    assert podman.calls == []
    own["subnets"] = [{"subnet": "10.78.0.0/24"}]
    with pytest.raises(UsageError, match="another network"):
        ensure(monkeypatch, podman, [])


@pytest.mark.parametrize("labels", [{}, None, {"provision-lab.cluster": "test-other"}])
def test_a_network_of_that_name_that_no_lab_made_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, labels: dict[str, str] | None
) -> None:
    podman = FakePodman([{"name": "provision-lab-test", "subnets": [{"subnet": str(PLAN)}], "labels": labels}])
    with pytest.raises(UsageError, match="no lab has made"):
        ensure(monkeypatch, podman, [])
    remove_network(podman, "test")
    assert podman.calls == []


def test_subnets_of_the_other_family_are_left_out() -> None:
    found = podman_networks([{"name": "n", "subnets": [{"subnet": "fd00::/64"}]}, {"name": "m"}])
    assert found == []
    assert routed_networks([{"dst": "default", "dev": "eth0"}]) == []
