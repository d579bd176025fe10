"""Each way in which ssh would leave a key out, with a key that ssh-keygen made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.errors import UsageError
from provisioner.ssh_key import key_file, refuse_unusable
from tests.cluster.waiting import until


def make(path: Path, passphrase: str = "") -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture(autouse=True)
def _no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def refused(key: Path) -> str:
    with pytest.raises(UsageError) as error:
        refuse_unusable(key)
    assert error.value.next_step
    assert str(key) in error.value.message
    return error.value.message


def test_a_good_key_is_taken(tmp_path: Path) -> None:
    refuse_unusable(make(tmp_path / "id"))


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    assert "is not there" in refused(tmp_path / "id")


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory" in refused(tmp_path)


def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    key = make(tmp_path / "id")
    key.chmod(0o644)
    assert "may be read by others" in refused(key)


@pytest.mark.parametrize("content", ["", "not a key\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key(tmp_path: Path, content: str) -> None:
    key = tmp_path / "id"
    key.write_text(content)
    key.chmod(0o600)
    assert "is no private key" in refused(key)


def test_the_public_half(tmp_path: Path) -> None:
    public = make(tmp_path / "id").with_name("id.pub")
    public.chmod(0o600)
    assert "is no private key" in refused(public)


def test_a_key_with_a_passphrase_and_no_agent(tmp_path: Path) -> None:
    assert "is locked by a passphrase" in refused(make(tmp_path / "id", "secret"))


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An agent of ssh, without keys; its environment."""
    socket = tmp_path / "agent"
    started = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    until(socket.exists)
    yield {**os.environ, "SSH_AUTH_SOCK": str(socket)}
    started.terminate()
    started.wait(10)


def test_a_key_that_the_agent_opened_is_taken(
    tmp_path: Path, agent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = make(tmp_path / "id", "secret"), make(tmp_path / "other")
    monkeypatch.setenv("SSH_AUTH_SOCK", agent["SSH_AUTH_SOCK"])
    subprocess.run(["ssh-add", "-q", str(other)], check=True, env=agent)
    assert "is locked by a passphrase" in refused(key)
    ask = tmp_path / "ask"
    ask.write_text("#!/bin/sh\necho secret\n")
    ask.chmod(0o700)
    asked = {**agent, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env=asked, stdin=subprocess.DEVNULL)
    refuse_unusable(key)


def test_a_home_of_nobody_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="this machine has no such account"):
        key_file("~nosuchuser9/.ssh/id")
    assert key_file("~/x") == Path.home() / "x"
