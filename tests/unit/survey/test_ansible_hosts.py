"""Machines of an Ansible inventory, as ansible-inventory itself reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.errors import UsageError
from provisioner.paths import assets
from provisioner.run.environment import run_environment
from provisioner.survey.ansible_hosts import inventory_targets, read_inventory
from provisioner.survey.targets import Target

INVENTORY = """\
[all:vars]
ansible_user=admin
[compute]
node[01:02].example.org
gpu_1 ansible_host=10.0.0.21 ansible_port=2222 ansible_ssh_private_key_file=/keys/gpu
here ansible_connection=local
"""


def read(folder: Path, text: str, name: str = "hosts.ini") -> list[Target]:
    file = folder / name
    file.write_text(text)
    return read_inventory(file, {**run_environment(os.environ, assets()), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")})


def test_hosts_come_as_ansible_would_reach_them(tmp_path: Path) -> None:
    assert sorted(read(tmp_path, INVENTORY), key=lambda each: each.host) == [
        Target("10.0.0.21", "gpu_1", "admin", 2222, "/keys/gpu"),
        Target("node01.example.org", "node01", "admin"),
        Target("node02.example.org", "node02", "admin"),
    ]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("all: {hosts: [", "hosts.yml", "Ansible cannot read"),
        ("", "hosts.ini", "no host that Ansible reaches"),
        ("here ansible_connection=local\n", "hosts.ini", "no host that Ansible reaches"),
        ("a ansible_host='{{ b }}'\n", "hosts.ini", "host a of the inventory"),
        ("a ansible_user='{{ b }}'\n", "hosts.ini", "host a of the inventory"),
        ("a ansible_host=-oProxyCommand=id\n", "hosts.ini", "host a of the inventory"),
        ("a ansible_port=many\n", "hosts.ini", "many is no port"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text, name)
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert "ansible-inventory -i" in caught.value.next_step


def test_an_inventory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no inventory"):
        read_inventory(tmp_path / "none", {})


@pytest.mark.parametrize("host", ["a,b", "node[1-2]", "\x1b[31m", "a b"])
def test_an_address_that_is_several_is_refused(host: str) -> None:
    variables: dict[str, dict[str, Any]] = {"x": {"ansible_host": host}}
    with pytest.raises(UsageError):
        inventory_targets(variables)
