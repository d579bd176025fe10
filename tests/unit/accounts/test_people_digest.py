"""The digest that a node answers is the one of the file exactly where the module unix_users finds nothing to do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.accounts.digest import NAME, people_asked
from provisioner.accounts.load import parse_accounts
from provisioner.accounts.people import people

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada@desk"
FILE = f"""\
groups: {{lab: {{gid: 3001}}}}
accounts: {{physics: {{}}}}
users:
  ada: {{uid: 2001, accounts: physics, groups: [lab], name: Ada Lovelace, keys: ["{KEY}"]}}
  bob: {{uid: 2002, accounts: physics, locked: true, home: /data/bob}}
"""


def node(root: Path, wanted: dict[str, list[dict[str, Any]]]) -> None:
    """The files of a node that has these people, and others beside them."""
    passwd, shadow, group = ["root:x:0:0:root:/root:/bin/bash"], ["root:*:1:0:9:7:::"], ["root:x:0:", "sudo:x:27:ada"]
    for user in wanted["users"]:
        passwd.append(f"{user['name']}:x:{user['uid']}:{user['gid']}:{user['comment']}:{user['home']}:{user['shell']}")
        shadow.append(f"{user['name']}:!:19000:0:99999:7::{'1' if user['locked'] else ''}:")
        if user["make_home"]:
            (root / user["home"].lstrip("/")).mkdir(parents=True)
        if user["keys"]:
            keys = root / "etc/ssh/authorized_keys.d" / user["name"]
            keys.parent.mkdir(parents=True, exist_ok=True)
            keys.write_text(user["keys"])
    for its in wanted["groups"]:
        members = [user["name"] for user in wanted["users"] if its["name"] in user["groups"]]
        group.append(f"{its['name']}:x:{its['gid']}:{','.join(members)}")
    etc = root / "etc"
    (etc / "ssh/sshd_config.d").mkdir(parents=True)
    (etc / "ssh/sshd_config.d/50-provision-users.conf").write_text("AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u\n")
    for name, rows in {"passwd": passwd, "shadow": shadow, "group": group}.items():
        (etc / name).write_text("\n".join(rows) + "\n")


def answered(asked: dict[str, Any], root: Path) -> str:
    """What the program prints on a node whose files are below `root`."""
    argv = [word.replace("/etc/", f"{root}/etc/").replace("/home/", f"{root}/home/") for word in asked["argv"]]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    return done.stdout.strip()


@pytest.fixture
def asked(tmp_path: Path) -> tuple[dict[str, Any], Path]:
    file, root = tmp_path / "accounts.yml", tmp_path / "node"
    file.write_text(FILE)
    wanted = people(parse_accounts(FILE, file))
    root.mkdir()
    node(root, wanted)
    return people_asked(str(file))[NAME], root


def test_a_node_in_sync_answers_what_is_wanted(asked: tuple[dict[str, Any], Path]) -> None:
    question, root = asked
    assert answered(question, root) == question["wanted"]


@pytest.mark.parametrize(
    "harm",
    [
        "sed -i s/Ada/Eve/ etc/passwd",
        "sed -i '/^ada/d' etc/passwd",
        "sed -i s/:2001:/:2009:/ etc/passwd",
        "sed -i /^bob/s/:1:/::/ etc/shadow",
        "sed -i /^ada/s/::/:1:/ etc/shadow && sed -i /^ada/s/7:1::/7::1:/ etc/shadow",
        "sed -i s/3001/3002/ etc/group",
        "sed -i '/^lab/s/ada//' etc/group",
        "sed -i '/^lab/s/ada/ada,bob/' etc/group",
        "echo ssh-ed25519 AAAA mallory >> etc/ssh/authorized_keys.d/ada",
        "rm etc/ssh/authorized_keys.d/ada",
        "echo ssh-ed25519 AAAA mallory > etc/ssh/authorized_keys.d/bob",
        "rmdir home/ada",
        "rm etc/ssh/sshd_config.d/50-provision-users.conf",
        "rm etc/shadow etc/group",
    ],
)
def test_each_harm_gives_another_answer(asked: tuple[dict[str, Any], Path], harm: str) -> None:
    question, root = asked
    subprocess.run(["sh", "-c", harm], cwd=root, check=True)
    assert answered(question, root) != question["wanted"]


@pytest.mark.parametrize(
    "other",
    [
        "sed -i '/^sudo/s/ada/ada,bob/' etc/group",
        "echo eve:x:2005:2005::/home/eve:/bin/sh >> etc/passwd",
        "sed -i '/^lab/s/ada/eve,ada/' etc/group",
        "mkdir -p home/eve",
        ": > etc/ssh/authorized_keys.d/bob",
        "sed -i /^ada/s/99999/90/ etc/shadow",
    ],
)
def test_what_is_an_admins_counts_for_nothing(asked: tuple[dict[str, Any], Path], other: str) -> None:
    question, root = asked
    subprocess.run(["sh", "-c", other], cwd=root, check=True)
    assert answered(question, root) == question["wanted"]


def test_without_a_file_nothing_is_asked() -> None:
    assert people_asked("") == {}
