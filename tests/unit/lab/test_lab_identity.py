from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.lab.identity import Entry, HostKeys, Identity, make_host_keys, sweep_host_keys

IDENTITY = Identity(
    host_name="bld-001",
    user="admin",
    port=22,
    authorized_key="ssh-ed25519 AAAA lab",
    host_keys=HostKeys({"ssh_host_x_key": b"secret", "ssh_host_x_key.pub": b"ssh-x KEY root@host"}),
    disks=[("/dev/loop3", "/dev/disk/by-id/wwn-0x1")],
    apt_settings=['Acquire::Retries "3";'],
)


def unpack(identity: Identity) -> dict[str, tuple[Entry, str]]:
    return {entry.path: (entry, (entry.content or b"").decode()) for entry in identity.entries()}


def test_two_blades_never_share_a_machine_id() -> None:
    first, second = (unpack(IDENTITY)["etc/machine-id"][1] for _ in range(2))
    assert first != second
    assert len(first.strip()) == 32


def test_secrets_are_private_and_belong_to_who_reads_them() -> None:
    files = unpack(IDENTITY)
    key = files["etc/ssh/ssh_host_x_key"][0]
    assert (key.mode, key.owner) == (0o600, 0)
    login, content = files["home/admin/.ssh/authorized_keys"]
    assert (login.mode, login.owner, content) == (0o600, 1000, "ssh-ed25519 AAAA lab\n")
    root = unpack(replace(IDENTITY, user="root"))
    assert root["root/.ssh/authorized_keys"][0].owner == 0


def test_the_boot_unit_gets_the_disks_and_hosts_is_as_debian_leaves_it() -> None:
    files = unpack(IDENTITY)
    assert files["etc/lab/disks"][1] == "/dev/loop3 /dev/disk/by-id/wwn-0x1\n"
    assert files["etc/hosts"][1] == "127.0.0.1 localhost\n127.0.1.1 bld-001\n"


def test_public_keys_come_without_their_comment() -> None:
    assert IDENTITY.host_keys.public == ["ssh-x KEY"]


def test_files_are_put_with_mode_and_owner_and_never_through_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners: dict[Path, tuple[int, int]] = {}
    # Only root may give files away; a login to a blade of the lab proves the real one.
    monkeypatch.setattr(os, "chown", lambda place, user, group: owners.update({place: (user, group)}))
    for folder in ("etc/ssh/sshd_config.d", "etc/apt/apt.conf.d", "home/admin", "etc/lab"):
        (tmp_path / folder).mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (tmp_path / "etc/machine-id").symlink_to(outside)
    IDENTITY.put(tmp_path)
    assert outside.read_text() == "kept"
    assert len((tmp_path / "etc/machine-id").read_text().strip()) == 32
    key = tmp_path / "etc/ssh/ssh_host_x_key"
    assert (key.read_bytes(), key.stat().st_mode & 0o777) == (b"secret", 0o600)
    login = tmp_path / "home/admin/.ssh/authorized_keys"
    assert (owners[login], login.parent.stat().st_mode & 0o777) == ((1000, 1000), 0o700)
    assert owners[key] == (0, 0)


def test_host_keys_are_made_in_a_place_of_their_own_and_swept_up(tmp_path: Path) -> None:
    keys = make_host_keys("bld-001", tmp_path)
    assert {"ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"} <= set(keys.files)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "host-keys-killed" / "etc").mkdir(parents=True)
    (tmp_path / "id_ed25519").touch()
    sweep_host_keys(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["id_ed25519"]
