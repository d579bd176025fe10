"""What makes one blade different from the next: machine-id, host keys, name, disks."""

from __future__ import annotations

import io
import tarfile
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.command import run

# the user the image makes, see image/finish
LOGIN_UID = 1000


@dataclass(frozen=True)
class HostKeys:
    """A blade's SSH host keys: file name -> content, as they lie in /etc/ssh."""

    files: dict[str, bytes]

    @property
    def public(self) -> list[str]:
        """Type and key of each, without the comment, as known_hosts wants them."""
        return [
            " ".join(content.decode().split()[:2])
            for name, content in sorted(self.files.items())
            if name.endswith(".pub")
        ]


@dataclass(frozen=True)
class Identity:
    """Everything that is put into a new container before its first boot."""

    host_name: str
    user: str
    port: int
    authorized_key: str
    host_keys: HostKeys
    disks: Sequence[tuple[str, str]]  # loop device, stable link
    apt_settings: Sequence[str]

    def archive(self) -> bytes:
        """A tar of these files, to be unpacked at the root of the blade."""
        home = "root" if self.user == "root" else f"home/{self.user}"
        owner = 0 if self.user == "root" else LOGIN_UID
        disks = "".join(f"{device} {link}\n" for device, link in self.disks)
        names = f"127.0.0.1 localhost\n127.0.1.1 {self.host_name}\n"
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            _add(tar, "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
            _add(tar, "etc/hosts", names, 0o644)
            _add(tar, "etc/lab/disks", disks, 0o644)
            _add(tar, "etc/ssh/sshd_config.d/lab.conf", f"Port {self.port}\n", 0o644)
            _add(tar, "etc/apt/apt.conf.d/90lab", "\n".join([*self.apt_settings, ""]), 0o644)
            for name, content in self.host_keys.files.items():
                _add(tar, f"etc/ssh/{name}", content, 0o644 if name.endswith(".pub") else 0o600)
            _add(tar, f"{home}/.ssh", None, 0o700, owner)
            _add(tar, f"{home}/.ssh/authorized_keys", f"{self.authorized_key}\n", 0o600, owner)
        return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: str | bytes | None, mode: int, owner: int = 0) -> None:
    """Adds a file, or a folder where the content is None."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.uid, entry.gid, entry.mtime = mode, owner, owner, time.time()
    if content is None:
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
        return
    data = content.encode() if isinstance(content, str) else content
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def make_host_keys(name: str) -> HostKeys:
    """New host keys of every type that Debian's sshd makes at installation."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "etc/ssh").mkdir(parents=True)
        run(["ssh-keygen", "-A", "-f", folder], f"making host keys for {name}")
        files = (Path(folder) / "etc/ssh").iterdir()
        return HostKeys({file.name: file.read_bytes() for file in files})


def ensure_login_key(key: Path) -> str:
    """The lab's key pair, made when missing; returns the public key line."""
    public = key.with_suffix(".pub")
    if not (key.exists() and public.exists()):
        key.unlink(missing_ok=True)
        run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "provision-lab", "-f", str(key)],
            "making the lab's key",
        )
    return public.read_text().strip()
