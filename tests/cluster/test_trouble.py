"""What is wrong with a blade is told in one plain sentence with the next step, and the others go on.

The clock of a container is its host's: a wrong one is shown by the unit tests of the preflight only. The
other Debian release is pretended through /etc/os-release, which is what the preflight reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cluster.labs import Lab

DEAD_MIRROR = "deb http://127.0.0.1:9/debian stable main"
DIRECT = "/etc/apt/apt.conf.d/99direct"
# What a proxy of this machine would say of such mirrors is another matter.
NO_LISTS = (
    "rm -rf /var/lib/apt/lists/*; mv /etc/apt/sources.list /root/kept; "
    f"""echo 'Acquire::http::Proxy {{ 127.0.0.1 "DIRECT"; mirror.invalid "DIRECT"; }};' > {DIRECT}"""
)
MIRROR_BACK = f"rm {DIRECT}; mv /root/kept /etc/apt/sources.list; apt-get update -qq"
OTHER_RELEASE = {"bookworm": "13", "trixie": "12"}


@dataclass(frozen=True)
class Trouble:
    """How to break a virgin blade, how to mend it, and words of the message that a person gets."""

    harm: str
    mend: str
    words: tuple[str, ...]
    status: str = "failed"


TROUBLES = {
    "ssh refused": Trouble(
        "systemctl stop ssh.socket ssh.service; pkill -x sshd || true",
        "systemctl start ssh.service",
        ("refused", "sshd"),
        "unreachable",
    ),
    "wrong key": Trouble(
        "mv /home/provision/.ssh/authorized_keys /root/kept",
        "mv /root/kept /home/provision/.ssh/authorized_keys",
        ("key", "ssh.user"),
        "unreachable",
    ),
    "no sudo": Trouble(
        "mv /etc/sudoers.d/provision /root/kept", "mv /root/kept /etc/sudoers.d/provision", ("sudo", "sudoers")
    ),
    "no python": Trouble("mv /usr/bin/python3 /root/kept", "mv /root/kept /usr/bin/python3", ("Python", "install")),
    "unsupported system": Trouble(
        "cp /etc/os-release /root/kept; rm /etc/os-release; "
        'printf \'ID=ubuntu\\nVERSION_ID="24.04"\\nPRETTY_NAME="Ubuntu 24.04"\\n\' > /etc/os-release',
        "mv /root/kept /etc/os-release",
        ("Ubuntu 24.04", "Debian 12 or Debian 13"),
    ),
    "little space": Trouble("mount -t tmpfs -o size=64m tmpfs /var", "umount -l /var", ("MiB", "/var", "room")),
    "full disk under apt": Trouble(
        "mount -t tmpfs -o size=1m tmpfs /var/cache/apt && mkdir -p /var/cache/apt/archives/partial",
        "umount /var/cache/apt",
        ("disk is full", "room"),
    ),
    "dead mirror": Trouble(
        f"{NO_LISTS}; echo '{DEAD_MIRROR}' > /etc/apt/sources.list",
        MIRROR_BACK,
        ("apt", "127.0.0.1:9 takes no connection", "apt-get update"),
    ),
    "broken source": Trouble(
        "printf '# of the site\\ndeb http://127.0.0.1/site\\n' > /etc/apt/sources.list.d/site.list",
        "rm /etc/apt/sources.list.d/site.list",
        ("line 2 of /etc/apt/sources.list.d/site.list is broken", "apt-get update"),
    ),
    "mirror without a name": Trouble(
        f"{NO_LISTS}; echo 'deb http://mirror.invalid/debian stable main' > /etc/apt/sources.list",
        MIRROR_BACK,
        ("the name of the mirror mirror.invalid does not resolve", "/etc/resolv.conf"),
    ),
    "mirror without the release": Trouble(
        f"{NO_LISTS}; sed 's/ [^ ]* main/ nowhere main/' /root/kept > /etc/apt/sources.list",
        MIRROR_BACK,
        ("does not have this release", "/etc/apt/sources.list"),
    ),
}


@pytest.fixture(scope="module")
def broken(cluster: Lab) -> str:
    """The spare blade without any package of ours, for all the troubles."""
    cluster.lab("reimage", cluster.spare)
    return cluster.spare


@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_is_one_sentence_and_stops_nobody(cluster: Lab, broken: str, name: str) -> None:
    trouble = TROUBLES[name]
    member = cluster.compute[0]
    cluster.inside(broken, trouble.harm)
    try:
        said = cluster.slurm([member, broken])
    finally:
        cluster.inside(broken, trouble.mend)
    assert said.code == 3, said.text
    assert said.json["blades"][broken]["status"] == trouble.status
    assert said.json["blades"][member]["status"] == "ok"
    sentence = said.json["blades"][broken]["failure"]["message"]
    assert "\n" not in sentence
    assert "Traceback" not in said.text
    for word in trouble.words:
        assert word in said.failure(broken)


def test_another_debian_release_is_refused(cluster: Lab, broken: str) -> None:
    other = OTHER_RELEASE[cluster.release]
    pretend = f's/^VERSION_ID=.*/VERSION_ID="{other}"/'
    cluster.inside(broken, f"cp --dereference /etc/os-release /root/kept; sed -i '{pretend}' /etc/os-release")
    try:
        said = cluster.slurm([cluster.compute[0], broken])
    finally:
        cluster.inside(broken, "mv /root/kept /etc/os-release")
    assert said.code == 3, said.text
    assert "22.05" in said.failure(broken)
    assert "24.11" in said.failure(broken)
    assert said.json["blades"][cluster.compute[0]]["status"] == "ok"
    assert cluster.inside(broken, "command -v slurmd || true") == "", "it was touched"


def test_all_named_blades_in_trouble_is_a_failure(cluster: Lab, broken: str) -> None:
    trouble = TROUBLES["no sudo"]
    cluster.inside(broken, trouble.harm)
    try:
        said = cluster.provision("slurm", f"--nodes={broken}")
    finally:
        cluster.inside(broken, trouble.mend)
    assert said.code == 1, said.text
    assert f"{broken}: " in said.text
    assert "Traceback" not in said.text
