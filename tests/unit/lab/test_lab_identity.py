from __future__ import annotations

import io
import tarfile
from dataclasses import replace

from provisioner.lab.identity import HostKeys, Identity

IDENTITY = Identity(
    host_name="bld-001",
    user="admin",
    port=22,
    authorized_key="ssh-ed25519 AAAA lab",
    host_keys=HostKeys({"ssh_host_x_key": b"secret", "ssh_host_x_key.pub": b"ssh-x KEY root@host"}),
    disks=[("/dev/loop3", "/dev/disk/by-id/wwn-0x1")],
    apt_settings=['Acquire::Retries "3";'],
)


def unpack(identity: Identity) -> dict[str, tuple[tarfile.TarInfo, str]]:
    with tarfile.open(fileobj=io.BytesIO(identity.archive())) as tar:
        found = {}
        for entry in tar:
            handle = tar.extractfile(entry)
            found[entry.name] = (entry, handle.read().decode() if handle else "")
    return found


def test_two_blades_never_share_a_machine_id() -> None:
    first, second = (unpack(IDENTITY)["etc/machine-id"][1] for _ in range(2))
    assert first != second
    assert len(first.strip()) == 32


def test_secrets_are_private_and_belong_to_who_reads_them() -> None:
    files = unpack(IDENTITY)
    key = files["etc/ssh/ssh_host_x_key"][0]
    assert (key.mode, key.uid) == (0o600, 0)
    login, content = files["home/admin/.ssh/authorized_keys"]
    assert (login.mode, login.uid, content) == (0o600, 1000, "ssh-ed25519 AAAA lab\n")
    root = unpack(replace(IDENTITY, user="root"))
    assert root["root/.ssh/authorized_keys"][0].uid == 0


def test_the_boot_unit_gets_the_disks_and_hosts_is_as_debian_leaves_it() -> None:
    files = unpack(IDENTITY)
    assert files["etc/lab/disks"][1] == "/dev/loop3 /dev/disk/by-id/wwn-0x1\n"
    assert files["etc/hosts"][1] == "127.0.0.1 localhost\n127.0.1.1 bld-001\n"


def test_public_keys_come_without_their_comment() -> None:
    assert IDENTITY.host_keys.public == ["ssh-x KEY"]
