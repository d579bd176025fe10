"""Where ssh goes for a target, as its own configuration has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.survey.reach import Reach, Unreachable, find_ways, own_addresses
from provisioner.survey.targets import Target

Configured = Callable[[str], None]


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Gives ssh a configuration of this test: it takes its own from the home in the list of accounts."""
    real = shutil.which("ssh")

    def write(text: str) -> None:
        (tmp_path / "config").write_text(text)
        script = tmp_path / "bin" / "ssh"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec {real} -F {tmp_path}/config "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")

    write("")
    return write


def way(target: Target) -> Reach:
    (found,) = find_ways([target])
    assert isinstance(found, Reach), found
    return found


def test_what_a_person_says_comes_first(configured: Configured) -> None:
    configured("Host *\n  User other\n  Port 2200\n")
    assert way(Target("10.0.0.11", user="admin", port=22)) == Reach(
        Target("10.0.0.11", user="admin", port=22), "10.0.0.11", "admin", 22
    )
    assert (way(Target("10.0.0.11")).user, way(Target("10.0.0.11")).port) == ("other", 2200)


def test_what_only_the_name_brings_is_kept(configured: Configured) -> None:
    """A run goes to the address, for which this configuration says nothing."""
    text = "Host alpha\n  HostName 10.0.0.11\n  User me\n  ProxyJump me@gate:2222\n  IdentityFile ~/.ssh/cluster\n"
    configured(text)
    found = way(Target("alpha", "alpha"))
    assert (found.address, found.user, found.jump, found.target.key) == (
        "10.0.0.11", "me", "me@gate:2222", "~/.ssh/cluster"
    )  # fmt: skip


def test_what_counts_for_the_address_too_is_left_to_ssh(configured: Configured) -> None:
    configured("Host *\n  ProxyJump gate\n  IdentityFile ~/.ssh/mine\nHost alpha\n  HostName 10.0.0.11\n")
    found = way(Target("alpha", "alpha"))
    assert (found.jump, found.target.key) == ("", None)


def test_a_key_that_was_named_is_not_changed(configured: Configured) -> None:
    configured("Host alpha\n  HostName 10.0.0.11\n  IdentityFile ~/.ssh/other\n")
    assert way(Target("alpha", "alpha", key="/keys/mine")).target.key == "/keys/mine"


def test_names_and_accounts_that_cannot_be_used_are_told(configured: Configured) -> None:
    configured("Host *\n  User John.Doe\n")
    strange, unknown = find_ways([Target("10.0.0.11"), Target("no-such-host.invalid", user="admin")])
    assert isinstance(strange, Unreachable)
    assert isinstance(unknown, Unreachable)
    assert "John.Doe is no account name" in strange.why
    assert "no-such-host.invalid has no address here" in unknown.why
    assert "--from" in unknown.next_step


def test_a_broken_configuration_leaves_what_a_person_said(configured: Configured) -> None:
    configured("No such word\n")
    assert way(Target("10.0.0.11", user="admin")) == Reach(Target("10.0.0.11", user="admin"), "10.0.0.11", "admin", 22)


def test_own_addresses() -> None:
    assert own_addresses(["127.0.0.1", "203.0.113.77"]) == {"127.0.0.1"}
