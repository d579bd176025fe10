"""Twenty prepared faults, each named by `provision explain` as what it is; and it never changes anything."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cluster.labs import Lab, Said
from tests.cluster.test_firewalls import FIREWALLS, standing
from tests.cluster.waiting import until

KEPT_KEY = "cp -p /etc/munge/munge.key /root/kept.key"
FOREIGN_KEY = "dd if=/dev/urandom of=/etc/munge/munge.key bs=128 count=1 status=none; systemctl restart munge"
RESUME = "scontrol update nodename=bld-002 state=resume 2> /dev/null; true"


@dataclass(frozen=True)
class Fault:
    """How to make a fault, how to mend it, the key of its cause and words that have to be there.

    Args:
        on: where it is made: `blade`, or `controller` for what an admin does there.
    """

    harm: str
    mend: str
    key: str
    words: str
    on: str = "blade"


FAULTS = {
    "munge stopped": Fault("systemctl stop munge", "systemctl start munge", "munge", "munge does not run on it"),
    "munge frozen": Fault("pkill -STOP -x munged", "pkill -CONT -x munged", "munge", "munge on it does not answer"),
    "another munge key": Fault(
        f"{KEPT_KEY}; {FOREIGN_KEY}",
        "cp -p /root/kept.key /etc/munge/munge.key; rm /root/kept.key; systemctl restart munge",
        "munge key",
        "another munge key",
    ),
    "slurmd stopped": Fault("systemctl stop slurmd", "systemctl start slurmd", "slurmd stopped", "slurmd does not run"),
    "slurmd frozen": Fault("pkill -STOP -x slurmd", "pkill -CONT -x slurmd", "slurmd hangs", "its slurmd hangs"),
    "slurmd masked": Fault(
        "systemctl mask --now slurmd",
        "systemctl unmask slurmd; systemctl start slurmd",
        "masked",
        "an admin masked slurmd.service",
    ),
    "slurmd fails to start": Fault(
        "systemctl stop slurmd; chmod 0 /usr/sbin/slurmd; systemctl start slurmd; true",
        "chmod 755 /usr/sbin/slurmd; systemctl reset-failed slurmd; systemctl start slurmd",
        "slurmd stopped",
        "slurmd does not run",
    ),
    "a full disk": Fault(
        "mount -t tmpfs -o size=1m none /var/lib/slurm/slurmd && "
        "dd if=/dev/zero of=/var/lib/slurm/slurmd/full bs=1k status=none; true",
        "umount --lazy /var/lib/slurm/slurmd",
        "disk full",
        "/var/lib/slurm/slurmd (0 MiB free)",
    ),
    "no inodes": Fault(
        "mount -t tmpfs -o nr_inodes=3 none /var/log/slurm && touch /var/log/slurm/a /var/log/slurm/b; true",
        "umount --lazy /var/log/slurm",
        "disk full",
        "/var/log/slurm (0 MiB free)",
    ),
    "a read-only filesystem": Fault(
        "mount --bind /var/lib/slurm/slurmd /var/lib/slurm/slurmd && mount -o remount,ro,bind /var/lib/slurm/slurmd",
        "umount --lazy /var/lib/slurm/slurmd",
        "read-only",
        "/var/lib/slurm/slurmd",
    ),
    "an edited file": Fault(
        "cp -p /etc/logrotate.d/slurmd /root/kept; echo '# by hand' >> /etc/logrotate.d/slurmd",
        "mv /root/kept /etc/logrotate.d/slurmd",
        "drift",
        "file /etc/logrotate.d/slurmd: content",
    ),
    "a changed machine-id": Fault(
        "cp -p /etc/machine-id /root/kept; echo 0123456789abcdef0123456789abcdef > /etc/machine-id",
        "cat /root/kept > /etc/machine-id; rm /root/kept",
        "reimaged",
        "it was reimaged since",
    ),
    "no sudo for us": Fault(
        "mv /etc/sudoers.d /root/kept-sudoers",
        "mv /root/kept-sudoers /etc/sudoers.d",
        "cannot be asked",
        "sudo asks for a password",
    ),
    "sshd stopped": Fault(
        "systemctl stop ssh.socket ssh.service 2> /dev/null; true",
        "systemctl start ssh.service",
        "unreachable",
        "no sshd listens there",
    ),
    "drained by an admin": Fault(
        "scontrol update nodename=bld-002 state=drain reason='fan; next: reboot it'",
        RESUME,
        "drained by admin",
        "an admin (root) lets it take no jobs",
        "controller",
    ),
    "drained in Slurm's words": Fault(
        "scontrol update nodename=bld-002 state=drain reason='Kill task failed'",
        RESUME,
        "drained by unclear",
        "Slurm itself or an admin",
        "controller",
    ),
    "set down by an admin": Fault(
        "scontrol update nodename=bld-002 state=down reason=broken", RESUME, "drained by admin", "broken", "controller"
    ),
    "munge stopped on the controller": Fault(
        "systemctl stop munge",
        "systemctl start munge",
        "controller munge",
        "munge does not run on the controller",
        "controller",
    ),
    "slurmctld stopped": Fault(
        "systemctl stop slurmctld", "systemctl start slurmctld", "slurmctld", "slurmctld does not run", "controller"
    ),
}


def explain(lab: Lab, blade: str) -> Said:
    return lab.provision("explain", blade, "--json")


def is_idle(lab: Lab, blade: str) -> bool:
    """Whether Slurm has it free, in a question that may fail: slurmctld or munge may have been away."""
    said = lab.tried(lab.controller, f"{RESUME}; sinfo --noheader --Node --format=%T --nodes={blade.lower()}")
    return {*said.out.split()} == {"idle"}


def is_well(lab: Lab, blade: str) -> bool:
    return explain(lab, blade).code == 0


@contextmanager
def harmed(lab: Lab, blade: str, fault: Fault) -> Iterator[None]:
    """The fault for a while; the blade is free again afterwards."""
    place = blade if fault.on == "blade" else lab.controller
    lab.inside(place, fault.harm)
    try:
        yield
    finally:
        lab.inside(place, fault.mend)
        assert until(lambda: is_idle(lab, blade), 120), explain(lab, blade).text


@pytest.mark.parametrize("name", FAULTS)
def test_the_named_cause_is_the_real_one(cluster: Lab, name: str) -> None:
    fault, blade = FAULTS[name], cluster.compute[0]
    with harmed(cluster, blade, fault):
        said = explain(cluster, blade)
        if fault.on == "controller" and (said.json["cause"] or {}).get("key") != fault.key:
            # Slurm gives a node that was set down back when an answer to an earlier question is on its way.
            cluster.ask(fault.harm)
            said = explain(cluster, blade)
        assert said.code == 3, said.text
        cause = said.json["cause"]
        assert (cause["key"], fault.words in cause["message"]) == (fault.key, True), said.text
        assert cause["next_step"], said.text


@pytest.mark.parametrize("name", ["node to slurmctld", "controller to slurmd"])
def test_a_firewall_is_named(cluster: Lab, name: str) -> None:
    blade = cluster.compute[0]
    with standing(cluster, FIREWALLS[name]):
        said = explain(cluster, blade)
    assert (said.code, said.json["cause"]["key"]) == (3, "firewall"), said.text
    assert said.json["cause"]["message"] in FIREWALLS[name].words, said.text
    assert until(lambda: is_idle(cluster, blade), 120), explain(cluster, blade).text


@contextmanager
def off(lab: Lab, *blades: str) -> Iterator[None]:
    """Blades that are frozen for a while."""
    containers = [lab.container(blade) for blade in blades]
    subprocess.run(["podman", "pause", *containers], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["podman", "unpause", *containers], check=True, capture_output=True)
        assert until(lambda: is_idle(lab, lab.compute[0]), 240), explain(lab, lab.compute[0]).text


AWAY: dict[str, tuple[Callable[[Lab], list[str]], int, str]] = {
    "the blade": (lambda lab: [lab.compute[0]], 3, "answers nobody"),
    "the controller": (lambda lab: [lab.controller], 3, "controller"),
    "both": (lambda lab: [lab.controller, lab.compute[0]], 1, "unreachable"),
}


@pytest.mark.parametrize("who", AWAY)
def test_it_answers_whoever_is_away(cluster: Lab, who: str) -> None:
    blades, code, key = AWAY[who]
    with off(cluster, *blades(cluster)):
        said = explain(cluster, cluster.compute[0])
    assert (said.code, said.json["cause"]["key"]) == (code, key), said.text


def test_a_blade_that_is_no_member_is_told_how_it_becomes_one(cluster: Lab, stranger: str) -> None:
    said = explain(cluster, stranger)
    assert (said.code, said.json["cause"]["key"]) == (3, "not a member"), said.text
    assert f"provision slurm --nodes {stranger}" in said.json["cause"]["next_step"]


def test_it_only_looks(cluster: Lab) -> None:
    blade = cluster.compute[0]
    assert is_well(cluster, blade)
    before = [cluster.fingerprint(each) for each in (blade, cluster.controller)]
    assert is_well(cluster, blade)
    assert is_well(cluster, cluster.controller)
    assert [cluster.fingerprint(each) for each in (blade, cluster.controller)] == before
