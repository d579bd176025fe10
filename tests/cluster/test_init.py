"""From three machines that have ssh to the first job, and what is said of machines that cannot be nodes."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from provisioner.plan.load import load_plan
from tests.cluster.labs import Lab
from tests.cluster.newcomer import ACCOUNT, NAMES, Newcomer, newcomer
from tests.cluster.size import LAB_NAME, NEW_SUBNET, RELEASES
from tests.cluster.waiting import until

README = Path(__file__).parents[2] / "README.md"
MOST_COMMANDS = 5


@pytest.fixture(scope="module", params=RELEASES)
def machines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three machines of which nobody but their owner knows anything."""
    made = Lab(f"{LAB_NAME}-new", NEW_SUBNET, 1, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module")
def person(machines: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    with newcomer(machines, tmp_path_factory.mktemp("n")) as found:
        yield found


def commands_of_the_readme() -> list[str]:
    """The commands of the first block below `On real machines`, without their comments."""
    section = README.read_text().split("\n## On real machines\n")[1].split("\n## ")[0]
    block = next(part for part in re.split(r"\n(?! {4}|\n)", section) if "provision init" in part and "\n    " in part)
    lines = [line.split("#")[0].strip() for line in block.splitlines() if line.startswith("    ")]
    return [line for line in lines if line]


def test_from_ssh_to_the_first_job(person: Newcomer) -> None:
    """The commands of the README, with the addresses of these machines; nothing else is done."""
    commands = commands_of_the_readme()
    assert len(commands) <= MOST_COMMANDS
    controller = NAMES[0]
    done = []
    for command in commands:
        words = command.split()
        if words[:2] == ["provision", "init"]:
            words[words.index("--scan") + 1] = person.scanned
            said = person.run(*words[1:])
        elif words[0] == "provision":
            said = person.run(*words[1:])
        elif words[0] == "ssh":
            assert words[1] == f"{ACCOUNT}@10.0.0.11", "the README goes to the controller"
            said = person.ssh(controller, *words[2:])
        else:
            continue  # how the program itself is installed
        assert said.code == 0, f"{command}: {said.text}"
        done.append(said)

    first, last = done[0], done[-1]
    assert "first contact" in first.text
    assert sorted(last.out.split()) == ["beta", "gamma"]
    plan = load_plan(person.folder / "plan.yml")
    assert (plan.cluster.controller, list(plan.blades)) == ("alpha", ["alpha", "beta", "gamma"])
    assert plan.blades["beta"].tier == plan.blades["gamma"].tier != plan.blades["alpha"].tier


def test_the_plan_says_what_the_machines_are(person: Newcomer) -> None:
    said = person.run("init", "lab", f"--scan={person.scanned}", "--out=again.yml", "--json")
    assert said.code == 0, said.text
    told, plan = said.json, load_plan(person.folder / "again.yml")
    assert told["controller"] == "alpha"
    for name, address in zip(NAMES, person.addresses, strict=True):
        blade = plan.blades[name]
        assert str(blade.address) == address
        assert blade.mac == person.inside(name, "cat /sys/class/net/eth0/address")
        fingerprint = person.inside(name, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
        assert told["host_keys"][address] == [f"ED25519 {fingerprint}"]
    # What was met in the first look is on record: a later run met nobody for the first time.
    record = sorted((person.known_hosts.parent / "runs").glob("*.json"))[0]
    assert json.loads(record.read_text())["first_contact"] == []
    # The disk is free and named, and nothing is made of it until a person says so.
    (disk,) = plan.blades["beta"].disks
    assert disk.id
    assert disk.id.startswith("/dev/disk/by-id/")
    assert person.inside("beta", "findmnt --noheadings /scratch || echo none") == "none"


def test_a_plan_is_not_overwritten(person: Newcomer) -> None:
    file = person.folder / "mine.yml"
    file.write_text("mine")
    said = person.run("init", f"--scan={person.scanned}", "--out=mine.yml")
    assert (said.code, file.read_text()) == (2, "mine")
    assert "--force" in said.err


def test_an_inventory_and_a_file_of_hosts_name_the_machines(person: Newcomer) -> None:
    rows = [
        f"{name} ansible_host={at} ansible_user={ACCOUNT}" for name, at in zip("xyz", person.addresses, strict=True)
    ]
    (person.folder / "hosts.ini").write_text("\n".join(rows))
    said = person.run("init", "lab", "-i", "hosts.ini", "--out=of-inventory.yml", "--controller=y")
    assert said.code == 0, said.text
    plan = load_plan(person.folder / "of-inventory.yml")
    assert (plan.cluster.controller, list(plan.blades)) == ("y", ["x", "y", "z"])
    assert "it calls itself alpha; a run renames it" in (person.folder / "of-inventory.yml").read_text()

    (person.folder / "hosts.txt").write_text(f"{ACCOUNT}@10.62.{person.lab.subnet}.[101-103]  # the rack\n")
    said = person.run("init", "lab", "--from=hosts.txt", "--out=of-file.yml")
    assert said.code == 0, said.text
    assert list(load_plan(person.folder / "of-file.yml").blades) == list(NAMES)


BROKEN = {
    "no sudo": (
        f"sed -i 's/NOPASSWD: ALL/ALL/' /etc/sudoers.d/{ACCOUNT}",
        f"sed -i 's/ALL$/NOPASSWD: ALL/' /etc/sudoers.d/{ACCOUNT}",
        "sudo asks for a password",
        "/etc/sudoers.d",
    ),
    "no python": (
        "mv /usr/bin/python3 /usr/bin/python3.away",
        "mv /usr/bin/python3.away /usr/bin/python3",
        "there is no Python on it",
        "apt-get install -y python3",
    ),
    "another key": (
        f"mv /home/{ACCOUNT}/.ssh /home/{ACCOUNT}/away",
        f"mv /home/{ACCOUNT}/away /home/{ACCOUNT}/.ssh",
        "SSH refuses the key or the user",
        "ssh-copy-id",
    ),
    "no sshd": ("systemctl stop ssh.socket ssh; true", "systemctl start ssh", "SSH is refused", "sshd"),
    "another system": (
        "cp /etc/os-release /root/kept && sed -i 's/VERSION_ID=.*/VERSION_ID=\"11\"/' /etc/os-release",
        "cp /root/kept /etc/os-release && rm /root/kept",
        "which is not supported",
        "Debian 12 or Debian 13",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_machine_that_cannot_be_a_node_is_named_and_the_others_go_on(person: Newcomer, case: str) -> None:
    harm, remedy, why, step = BROKEN[case]
    person.inside("gamma", harm)
    try:
        said = person.run("init", "lab", f"--scan={person.scanned}", "--out=broken.yml", "--force", "--json")
    finally:
        person.inside("gamma", remedy)
        assert until(lambda: person.ssh("gamma", "sudo -n true").code == 0, 30)
    assert said.code == 3, said.text
    (left,) = said.json["left_out"]
    assert left["machine"] in (person.addresses[2], "gamma")
    assert why in left["why"]
    assert step in left["next_step"]
    assert list(load_plan(person.folder / "broken.yml").blades) == ["alpha", "beta"]
    assert why in (person.folder / "broken.yml").read_text()


def test_without_any_machine_nothing_is_written(person: Newcomer) -> None:
    with socket.socket() as closed:  # bound and never listening, so nobody else answers there
        closed.bind(("127.0.0.1", 0))
        said = person.run("init", "lab", f"--scan={ACCOUNT}@127.0.0.1:{closed.getsockname()[1]}", "--out=none.yml")
    assert said.code == 1, said.text
    assert "SSH is refused" in said.err
    assert "no plan was written" in said.err
    assert not (person.folder / "none.yml").exists()


def test_two_names_of_one_machine_are_one_node(person: Newcomer) -> None:
    gamma, other = person.addresses[2], f"10.62.{person.lab.subnet}.203"
    person.inside("gamma", f"ip address add {other}/24 dev eth0")
    try:
        said = person.run("init", "lab", f"--scan={person.scanned},{ACCOUNT}@{other}", "--out=twice.yml", "--json")
    finally:
        person.inside("gamma", f"ip address delete {other}/24 dev eth0")
    assert said.code == 3, said.text
    (left,) = said.json["left_out"]
    assert (left["machine"], f"the same machine as {gamma}" in left["why"]) == (other, True)


def test_a_machine_that_lies_writes_no_line_of_the_plan(person: Newcomer) -> None:
    """What the machine calls itself is root's there, and so is its Python."""
    lie = {"ansible_facts": {"machine": {"host_name": "x:\n  evil"}}, "changed": False}
    person.inside("gamma", "mv /usr/bin/python3 /usr/bin/python3.away")
    script = f"#!/bin/sh\ncat > /dev/null\nprintf '%s\\n' '{json.dumps(lie)}'\n"
    person.inside("gamma", f"cat > /usr/bin/python3 <<'END'\n{script}END\nchmod 755 /usr/bin/python3")
    try:
        said = person.run("init", "lab", f"--scan={person.scanned}", "--out=lied.yml")
    finally:
        person.inside("gamma", "mv /usr/bin/python3.away /usr/bin/python3")
    assert said.code == 3, said.text
    assert "its facts are not usable" in said.err
    assert list(yaml.safe_load((person.folder / "lied.yml").read_text())["nodes"]) == ["alpha", "beta"]
