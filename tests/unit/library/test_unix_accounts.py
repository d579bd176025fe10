"""What a node has of the declared users: differences, and what must not be touched."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, shared

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
ada:x:2001:2001:Ada Lovelace:/home/ada:/bin/bash
eve:x:2005:2005::/home/eve:/bin/sh
+::::::
"""
GROUP = "root:x:0:\nada:x:2001:\nastro:x:3001:ada,eve\ndocker:x:990:ada\ngeo:x:3002:\n"
SHADOW = "root:*:1::::::\nada:!:20000:0:99999:7:::\neve:!:20000:0:99999:7::1:\n"
ADA = {
    "name": "ada", "uid": 2001, "gid": 2001, "groups": ["astro"], "comment": "Ada Lovelace", "shell": "/bin/bash",
    "home": "/home/ada", "make_home": True, "locked": False, "keys": "",
}  # fmt: skip
GROUPS = [{"name": "astro", "gid": 3001}, {"name": "ada", "gid": 2001}]


@pytest.fixture
def accounts() -> ModuleType:
    ansible_module("unix_users")
    return shared("unix_accounts")


@pytest.fixture
def node(accounts: ModuleType, tmp_path: Path) -> Any:
    files = []
    for name, text in {"passwd": PASSWD, "group": GROUP, "shadow": SHADOW}.items():
        (tmp_path / name).write_text(text)
        files.append(str(tmp_path / name))
    return accounts.Node(*files)


def lines(work: Any) -> list[str]:
    return [line for line, _ in work]


def test_a_user_who_is_as_declared_is_left_alone(accounts: ModuleType, node: Any) -> None:
    assert accounts.problems(node, GROUPS, [ADA]) == []
    assert list(accounts.group_work(node, GROUPS)) == []
    assert list(accounts.user_work(node, ADA)) == []
    # Of other groups, such as docker, nothing is said; and eve, of whom the file says nothing, stays in astro.
    assert list(accounts.membership_work(node, GROUPS, [ADA])) == []


def test_what_differs_is_told_and_mended_by_one_command_each(accounts: ModuleType, node: Any) -> None:
    changed = {**ADA, "shell": "/bin/zsh", "comment": "", "gid": 3001, "locked": True, "groups": []}
    work = dict(accounts.user_work(node, changed))
    assert work == {
        "user ada: group 2001 -> 3001": ["usermod", "--gid", "3001", "ada"],
        "user ada: name Ada Lovelace -> none": ["usermod", "--comment", "", "ada"],
        "user ada: shell /bin/bash -> /bin/zsh": ["usermod", "--shell", "/bin/zsh", "ada"],
        "user ada: may log in -> locked": ["usermod", "--expiredate", "1", "ada"],
    }
    assert lines(accounts.membership_work(node, GROUPS, [changed])) == ["user ada: out of group astro"]


def test_a_locked_user_is_let_in_again(accounts: ModuleType, node: Any) -> None:
    eve = {**ADA, "name": "eve", "uid": 2005, "gid": 2005, "comment": "", "shell": "/bin/sh", "home": "/home/eve"}
    assert lines(accounts.user_work(node, eve)) == ["user eve: locked -> may log in"]


def test_a_missing_user_is_made_with_all_that_is_said(accounts: ModuleType, node: Any) -> None:
    new = {**ADA, "name": "bob", "uid": 2002, "gid": 2002, "locked": True}
    assert lines(accounts.group_work(node, [{"name": "bob", "gid": 2002}])) == ["group bob: absent -> gid 2002"]
    ((line, command),) = accounts.user_work(node, new)
    assert line == "user bob: absent -> uid 2002, locked"
    assert command[-1] == "bob"
    assert {"--no-create-home", "--no-user-group", "--expiredate"} <= set(command)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"name": "cyd", "uid": 2005}, "uid 2005 is that of eve here, and the file gives it to cyd"),
        ({"name": "ada", "uid": 2009}, "ada has uid 2001 here, and the file says 2009"),
        ({"name": "cyd", "uid": 0}, "uid 0 is that of root here, and the file gives it to cyd"),
    ],
)
def test_numbers_and_names_of_others_are_problems(
    accounts: ModuleType, node: Any, user: dict[str, Any], words: str
) -> None:
    assert accounts.problems(node, [], [{**ADA, **user}]) == [words]


def test_groups_of_others_are_problems(accounts: ModuleType, node: Any) -> None:
    assert accounts.problems(node, [{"name": "bio", "gid": 3002}, {"name": "geo", "gid": 3009}], []) == [
        "gid 3002 is that of group geo here, and the file gives it to bio",
        "group geo has gid 3002 here, and the file says 3009",
    ]


def test_a_group_from_elsewhere_counts_too(accounts: ModuleType, node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        pw_name = gr_name = "ldap"

    monkeypatch.setattr(accounts.pwd, "getpwuid", lambda uid: Entry)
    assert accounts.problems(node, [], [{**ADA, "name": "cyd", "uid": 2777}]) == [
        "uid 2777 is that of ldap here, and the file gives it to cyd"
    ]
