"""Verification names the cause of what does not work, not what follows from it, and the other nodes are proved."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

import pytest
from ClusterShell.NodeSet import NodeSet

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
    "slurmd frozen": Cause("pkill -STOP -x slurmd", "pkill -CONT -x slurmd", "its slurmd hangs"),
}


def verify(lab: Lab) -> Said:
    """`provision verify` over all compute blades."""
    return lab.provision("verify", f"--nodes={','.join(lab.compute)}", "--json")


def settled(lab: Lab) -> None:
    """All nodes are free again; a job that could not start on a node takes a while to leave it."""
    for blade in lab.compute:
        assert lab.state(blade, "idle", 240) == "idle"


def the_others_are_proved(lab: Lab, said: Said, *broken: str) -> None:
    assert said.code == 3, said.text
    others = set(lab.compute) - set(broken)
    assert {said.json["blades"][blade]["status"] for blade in others} == {"ok"}, said.text
    names = re.findall(r"verified (BLD-[][0-9,-]+):", said.json["verified"])
    assert set(NodeSet(",".join(names))) == others, said.text


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


def test_what_a_verification_leaves_on_a_node_does_not_hide_the_cause(cluster: Lab) -> None:
    """Its job is no work of the node."""
    broken, cause = cluster.compute[0], ON_A_NODE["another munge key"]
    cluster.inside(broken, cause.harm)
    try:
        verify(cluster)
        said = verify(cluster)
    finally:
        cluster.inside(broken, cause.mend)
    the_others_are_proved(cluster, said, broken)
    assert cause.words in said.failure(broken)
    settled(cluster)


def test_a_frozen_blade_is_said_to_answer_nobody(cluster: Lab) -> None:
    broken = cluster.compute[0]
    container = cluster.container(broken)
    subprocess.run(["podman", "pause", container], check=True, capture_output=True)
    try:
        said = verify(cluster)
    finally:
        subprocess.run(["podman", "unpause", container], check=True, capture_output=True)
    the_others_are_proved(cluster, said, broken)
    assert "it answers nobody" in said.failure(broken)
    settled(cluster)
