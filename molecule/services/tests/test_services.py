"""What answers on the members, and to whom."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from testinfra.host import Host

ASK = """
import sys, urllib.error, urllib.request
url, *words = sys.argv[1:]
asked = urllib.request.Request(url, headers=dict(word.split(": ", 1) for word in words))
try:
    answer = urllib.request.urlopen(asked, timeout=30)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""
VERSION = {"bookworm": "v0.0.38", "trixie": "v0.0.42"}


def ask(host: Host, url: str, *headers: str) -> str:
    """Status and body of an answer over HTTP, asked for on a member."""
    done = host.run(shlex.join(["python3", "-c", ASK, url, *headers]))
    assert done.rc == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="session")
def addresses(inventory: dict[str, Any]) -> dict[str, str]:
    """The address of each member in the cluster's network."""
    found = inventory["_meta"]["hostvars"]
    return {name: found[name]["ansible_host"] for name in inventory["slurm_members"]["hosts"]}


def test_rest_answers_who_shows_a_token(controller: Host, release: str) -> None:
    url = f"http://127.0.0.1:6820/slurm/{VERSION[release]}/ping"
    token = controller.check_output("runuser -u nobody -- scontrol token lifespan=60").removeprefix("SLURM_JWT=")
    shown = ask(controller, url, "X-SLURM-USER-NAME: nobody", f"X-SLURM-USER-TOKEN: {token}")
    assert shown.startswith("200 "), shown
    assert ask(controller, url).startswith("401 ")


def test_every_member_is_measured_over_the_network(
    controller: Host, compute: dict[str, Host], addresses: dict[str, str]
) -> None:
    """Which the firewall leaves open between members."""
    (node,) = compute.values()
    for name, address in addresses.items():
        assert "\nnode_load1 " in ask(node, f"http://{address}:9100/metrics"), name
    controller.check_output("systemctl start slurm-metrics.service")
    (slurm,) = (address for name, address in addresses.items() if name not in compute)
    assert "\nslurm_nodes_total 1\n" in ask(node, f"http://{slurm}:9100/metrics")


def test_slurm_checks_its_node(controller: Host, compute: dict[str, Host]) -> None:
    assert "HealthCheckProgram      = /usr/local/sbin/slurm-health\n" in controller.check_output("scontrol show config")
    for node in compute.values():
        assert node.check_output("slurm-health") == "nothing speaks against jobs on this node"
    assert controller.check_output("sinfo --noheader --list-reasons") == ""


def test_members_have_a_table_of_ours(members: dict[str, Host]) -> None:
    for host in members.values():
        assert "policy drop" in host.check_output("nft list table inet provision")
        assert host.run("ls /var/lib/provision/trial/* /etc/systemd/system/provision-trial-*").stdout == ""
