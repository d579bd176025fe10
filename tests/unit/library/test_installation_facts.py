"""What a node tells of its installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.library.modules import shared

FACTS = shared("installation")


def test_public_host_keys_are_told_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "ssh_host_ed25519_key.pub").write_text("ssh-ed25519 AAAA root@x\n")
    (tmp_path / "ssh_host_rsa_key.pub").write_text("ssh-rsa BBBB==")
    (tmp_path / "ssh_host_odd_key.pub").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n")
    (tmp_path / "ssh_host_ed25519_key").write_text("secret")
    (tmp_path / "ssh_host_ed25519_key-cert.pub").write_text("ssh-ed25519-cert-v01@openssh.com CCCC")
    assert FACTS.host_keys(str(tmp_path)) == ["ssh-ed25519 AAAA", "ssh-rsa BBBB=="]
    assert FACTS.host_keys(str(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(("said", "epoch"), [("1764200000\n", 1764200000), ("0", 0), ("-", 0), ("", 0)])
def test_the_birth_of_the_root_filesystem(monkeypatch: pytest.MonkeyPatch, said: str, epoch: int) -> None:
    monkeypatch.setattr(FACTS, "run", lambda *words: said)
    assert FACTS.root_created() == epoch
