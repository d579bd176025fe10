"""Verification names the cause of what does not work, not what follows from it, and the other nodes are proved."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import pytest

from tests.cluster.labs import Lab, Said

KEPT_KEY = "cp -p /etc/munge/munge.key /root/kept.key"


@dataclass(frozen=True)
class Cause:
    """How to break a node or the controller, how to mend it, and what has to be said."""

    harm: str
    mend: str
    words: str


ON_THE_CONTROLLER = {
    "munge stopped": Cause("systemctl stop munge", "systemctl start munge", "munge does not run on the controller"),
    "munge frozen": Cause(
        "pkill -STOP -x munged", "pkill -CONT -x munged", "munge on the controller does not answer within 5 s"
    ),
    "slurmctld stopped": Cause("systemctl stop slurmctld", "systemctl start slurmctld", "slurmctld does not answer"),
}
ON_A_NODE = {
    "munge stopped": Cause("systemctl stop munge", "systemctl start munge", "munge does not run on it"),
    "munge frozen": Cause("pkill -STOP -x munged", "pkill -CONT -x munged", "munge on it does not answer"),
    "another munge key": Cause(
        f"{KEPT_KEY}; dd if=/dev/urandom of=/etc/munge/munge.key bs=128 count=1 status=none; systemctl restart munge",
        "cp -p /root/kept.key /etc/munge/munge.key; systemctl restart munge",
        "it has another munge key than the controller",
    ),
    "slurmd stopped": Cause("systemctl stop slurmd", "systemctl start slurmd", "slurmd does not run on it"),
}


def verify(lab: Lab) -> Said:
    """`provision verify` over all compute blades."""
    return lab.provision("verify", f"--nodes={','.join(lab.compute)}", "--json")


def settled(lab: Lab) -> None:
    """All nodes are free again; a job that could not start on a node takes a while to leave it."""
    for blade in lab.compute:
        assert lab.state(blade, "idle", 240) == "idle"


def the_others_are_proved(lab: Lab, said: Said, broken: str) -> None:
    assert said.code == 3, said.text
    for blade in set(lab.compute) - {broken}:
        assert said.json["blades"][blade]["status"] == "ok", said.text
        assert blade.removeprefix("BLD-") in said.json["verified"]


@pytest.mark.parametrize("name", ON_THE_CONTROLLER)
def test_the_cause_on_the_controller_is_named(cluster: Lab, name: str) -> None:
    cause = ON_THE_CONTROLLER[name]
    cluster.ask(cause.harm)
    try:
        said = verify(cluster)
    finally:
        cluster.ask(cause.mend)
    assert said.code == 1, said.text
    assert cause.words in said.failure(cluster.controller)
    settled(cluster)


@pytest.mark.parametrize("name", ON_A_NODE)
def test_the_cause_on_a_node_is_named(cluster: Lab, name: str) -> None:
    cause, broken = ON_A_NODE[name], cluster.compute[0]
    settled(cluster)
    cluster.inside(broken, cause.harm)
    try:
        said = verify(cluster)
    finally:
        cluster.inside(broken, cause.mend)
    the_others_are_proved(cluster, said, broken)
    assert cause.words in said.failure(broken)
    settled(cluster)


def test_a_frozen_blade_is_said_to_answer_nobody(cluster: Lab) -> None:
    broken = cluster.compute[0]
    container = f"provision-lab-{cluster.name}-{broken.lower()}"
    subprocess.run(["podman", "pause", container], check=True, capture_output=True)
    try:
        said = verify(cluster)
    finally:
        subprocess.run(["podman", "unpause", container], check=True, capture_output=True)
    the_others_are_proved(cluster, said, broken)
    assert "it answers nobody" in said.failure(broken)
    settled(cluster)


def test_a_port_that_a_firewall_closes_is_told_from_a_slurmd_that_is_gone(cluster: Lab) -> None:
    broken = cluster.compute[0]
    container = f"provision-lab-{cluster.name}-{broken.lower()}"
    form = ["podman", "inspect", "--format", "{{.State.Pid}}", container]
    pid = subprocess.run(form, check=True, capture_output=True, text=True).stdout.strip()
    rules = "table inet closed { chain i { type filter hook input priority 0; tcp dport 6818 drop; }; }"
    # The blade has no nft of its own; that of this machine works on the blade's network.
    subprocess.run(["nsenter", f"--target={pid}", "--net", "nft", rules], check=True, capture_output=True)
    try:
        said = verify(cluster)
    finally:
        subprocess.run(["nsenter", f"--target={pid}", "--net", "nft", "delete table inet closed"], check=True)
    the_others_are_proved(cluster, said, broken)
    assert "its slurmd runs, and the controller does not reach it on its port (6818)" in said.failure(broken)
    settled(cluster)
