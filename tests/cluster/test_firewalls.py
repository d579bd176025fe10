"""A firewall inside the cluster is named with both its ends, and the other nodes are proved."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cluster.labs import Lab
from tests.cluster.test_causes import settled, the_others_are_proved, verify


@dataclass(frozen=True)
class Firewall:
    """Where it stands, whose packets it drops, and what has to be said of which of the nodes.

    In the words 1 is the controller, and 2, 3 and 4 are nodes.
    """

    at: int
    rule: str
    blamed: tuple[int, ...]
    words: str


FIREWALLS = {
    "between two nodes": Firewall(
        2, "ip saddr {3} drop", (2, 3), "bld-002 and bld-003 do not reach each other on the port of slurmd"
    ),
    "one way": Firewall(
        4,
        "ip saddr {3} tcp flags syn tcp dport 6818 reject",
        (3,),
        "bld-003 does not reach bld-004 on the port of slurmd",
    ),
    "one against all": Firewall(
        4,
        "ip saddr {{ {2}, {3} }} tcp dport 6818 drop",
        (4,),
        "bld-002, bld-003 do not reach bld-004 on the port of slurmd",
    ),
    "node to slurmctld": Firewall(
        1, "ip saddr {2} tcp dport 6817 drop", (2,), "it does not reach slurmctld on the controller (port 6817)"
    ),
    "node to srun": Firewall(
        1,
        "ip saddr {2} tcp dport {{ 22, 6817 }} accept; ip saddr {2} ct state new drop",
        (2,),
        "it does not reach srun on the controller",
    ),
    "controller to slurmd": Firewall(
        2,
        "tcp dport 6818 drop",
        (2,),
        "its slurmd runs, and the controller does not reach it on its port (6818)",
    ),
}


@contextmanager
def standing(lab: Lab, firewall: Firewall) -> Iterator[None]:
    """The firewall for a while. A blade has no nft of its own; that of this machine works on the blade's network."""
    container = lab.container(f"bld-{firewall.at:03}")
    form = ["podman", "inspect", "--format", "{{.State.Pid}}", container]
    pid = subprocess.run(form, check=True, capture_output=True, text=True).stdout.strip()
    nft = ["nsenter", f"--target={pid}", "--net", "nft"]
    addresses = ["", *(f"10.62.{lab.subnet}.{100 + number}" for number in range(1, 5))]
    rule = firewall.rule.format(*addresses)
    table = f"table inet closed {{ chain i {{ type filter hook input priority 0; {rule}; }}; }}"
    subprocess.run([*nft, table], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([*nft, "delete table inet closed"], check=True, capture_output=True)


@pytest.mark.parametrize("name", FIREWALLS)
def test_a_firewall_is_named_with_both_its_ends(cluster: Lab, name: str) -> None:
    firewall = FIREWALLS[name]
    settled(cluster)
    with standing(cluster, firewall):
        said = verify(cluster)
    blamed = [f"BLD-{number:03}" for number in firewall.blamed]
    the_others_are_proved(cluster, said, *blamed)
    for blade in blamed:
        assert said.failure(blade).startswith(firewall.words), said.text
    assert said.json["seconds"] < 60
    settled(cluster)
