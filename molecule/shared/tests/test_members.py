"""What must be true of every member, and between any two of them."""

from __future__ import annotations

import shlex
from itertools import permutations
from typing import Any

import pytest
from testinfra.host import Host

# What a container cannot have: kernel modules, mounts of the kernel, and inotify for the console's questions
# once many blades have used up the host's share.
CONTAINER_FAILURES = ("systemd-modules-load.", "sys-kernel-", "systemd-ask-password-")


def test_one_job_spans_all_nodes_from_each_member(compute: dict[str, Host], members: dict[str, Host]) -> None:
    for name, host in members.items():
        job = f"srun --partition=all --nodes={len(compute)} --ntasks-per-node=1 hostname"
        answer = host.run(job)
        assert sorted(answer.stdout.split()) == sorted(compute), f"from {name}: {answer.stderr}"


def test_munge_credentials_are_accepted_both_ways(members: dict[str, Host]) -> None:
    for one, other in permutations(members, 2):
        credential = members[one].check_output("munge -n")
        decoded = members[other].run(f"echo {shlex.quote(credential)} | unmunge")
        assert decoded.rc == 0, f"{one} -> {other}: {decoded.stdout}"


def test_the_munge_key_is_one_and_private(members: dict[str, Host]) -> None:
    keys = {name: host.file("/etc/munge/munge.key") for name, host in members.items()}
    owners = {(key.user, key.group, key.mode) for key in keys.values()}
    assert owners == {("munge", "munge", 0o400)}
    assert len({key.sha256sum for key in keys.values()}) == 1


@pytest.mark.parametrize("account", ["slurm", "munge"])
def test_system_accounts_have_the_same_ids(account: str, members: dict[str, Host]) -> None:
    ids = {name: host.check_output(f"id {account}") for name, host in members.items()}
    assert len(set(ids.values())) == 1, ids


def test_every_member_resolves_every_blade(members: dict[str, Host], inventory: dict[str, Any]) -> None:
    expected = {name: variables["ansible_host"] for name, variables in inventory["_meta"]["hostvars"].items()}
    ask = "; ".join(f"getent ahostsv4 {name}" for name in expected)
    for member, host in members.items():
        found = {line.split()[0] for line in host.check_output(ask).splitlines()}
        assert found == set(expected.values()), f"{member} resolves otherwise"
        # an address on loopback would make MPI listen where nobody can reach it
        own = host.check_output("getent ahostsv4 $(hostname)").split()[0]
        assert own == expected[member]


def test_no_unit_has_failed(members: dict[str, Host]) -> None:
    for name, host in members.items():
        listed = host.check_output("systemctl list-units --failed --plain --no-legend").splitlines()
        failed = [line.split()[0] for line in listed]
        assert not [unit for unit in failed if not unit.startswith(CONTAINER_FAILURES)], f"{name}: {failed}"


def test_compute_nodes_hold_no_slurm_conf(compute: dict[str, Host], members: dict[str, Host]) -> None:
    for name, host in compute.items():
        assert not host.file("/etc/slurm/slurm.conf").exists, name
        fetched = host.file("/var/lib/slurm/slurmd/conf-cache/slurm.conf")
        assert fetched.exists, f"{name} fetched none either"


def test_all_members_run_one_slurm_release(members: dict[str, Host], release: str) -> None:
    expected = {"bookworm": "slurm-wlm 22.05", "trixie": "slurm 24.11"}[release].split()[-1]
    versions = {name: host.check_output("scontrol --version").split()[-1] for name, host in members.items()}
    assert {version[:5] for version in versions.values()} == {expected}, versions
