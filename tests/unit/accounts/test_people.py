"""The Unix side of the file, as a node is given it."""

from __future__ import annotations

from pathlib import Path

from provisioner.accounts.load import parse_accounts
from provisioner.accounts.people import people


def of(text: str) -> dict[str, list[dict[str, object]]]:
    return people(parse_accounts(text, Path("accounts.yml")))


def test_a_user_has_a_group_of_the_same_number_and_a_home() -> None:
    found = of("users:\n  ada: {uid: 2001, name: Ada}\n")
    assert found["groups"] == [{"name": "ada", "gid": 2001}]
    (ada,) = found["users"]
    assert (ada["uid"], ada["gid"], ada["home"], ada["make_home"], ada["shell"]) == (
        2001, 2001, "/home/ada", True, "/bin/bash"
    )  # fmt: skip


def test_a_gid_of_a_declared_group_is_that_group() -> None:
    found = of("groups:\n  astro: {gid: 3001}\nusers:\n  ada: {uid: 2001, gid: 3001, groups: [astro]}\n")
    assert found["groups"] == [{"name": "astro", "gid": 3001}]
    assert found["users"][0]["groups"] == [], "the first group is no other one"


def test_homes_elsewhere_are_used_as_they_are() -> None:
    found = of("homes: /shared/home\nusers:\n  ada: {uid: 2001}\n  bob: {uid: 2002, home: /home/bob}\n")
    assert [(user["home"], user["make_home"]) for user in found["users"]] == [
        ("/shared/home/ada", False),
        ("/home/bob", True),
    ]


def test_who_comes_from_elsewhere_is_left_out() -> None:
    assert of("unix: false\nusers:\n  ada: {uid: 2001}\n  bob: {uid: 2002, unix: true}\n")["users"][0]["name"] == "bob"


def test_a_locked_user_has_no_key() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada"
    found = of(f"users:\n  ada: {{uid: 2001, keys: [{key}]}}\n  bob: {{uid: 2002, locked: true}}\n")
    assert [user["keys"] for user in found["users"]] == [f"{key}\n", ""]
