"""What a login node has, and what decides who gets in on the others."""

from __future__ import annotations

from typing import Any

import pytest
from testinfra.host import Host

from tests.cluster.waiting import until


@pytest.fixture(scope="session")
def login(members: dict[str, Host], inventory: dict[str, Any]) -> Host:
    (name,) = inventory["slurm_login"]["hosts"]
    return members[name]


def test_a_user_reaches_the_nodes_from_there(login: Host, compute: dict[str, Host]) -> None:
    asked = "runuser -u nobody -- srun --chdir=/ hostname"
    assert until(lambda: login.run(asked).stdout.strip(), 60) in compute


def test_it_runs_no_slurmd(login: Host) -> None:
    assert login.process.filter(comm="slurmd") == []


def test_nothing_is_on_trial_any_more(members: dict[str, Host]) -> None:
    for host in members.values():
        assert host.run("ls /var/lib/provision/trial/* /etc/systemd/system/provision-trial-*").stdout == ""


def test_slurm_has_the_last_word_on_nodes_only(
    members: dict[str, Host], compute: dict[str, Host], login: Host, controller: Host
) -> None:
    rule = "grep -c pam_slurm_adopt.so /etc/pam.d/sshd"
    assert [host.run(rule).stdout.strip() for host in compute.values()] == ["1"] * len(compute)
    assert [host.run(rule).stdout.strip() for host in (login, controller)] == ["0", "0"]
    for host in compute.values():
        # This very session came after it.
        assert host.check_output("id --user") == "0"
