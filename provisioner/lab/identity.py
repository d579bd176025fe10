"""What makes one blade different from the next: machine-id, host keys, name, disks."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.command import run

# the user the image makes, see image/finish
LOGIN_UID = 1000
_KEYS = "host-keys-"


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
    gpus: Sequence[str] | None = None  # lines; None where no blade of the plan has some

    def entries(self) -> list[Entry]:
        """These files, folders before what is in them."""
        home = "root" if self.user == "root" else f"home/{self.user}"
        owner = 0 if self.user == "root" else LOGIN_UID
        disks = "".join(f"{device} {link}\n" for device, link in self.disks)
        names = f"127.0.0.1 localhost\n127.0.1.1 {self.host_name}\n"
        keys = self.host_keys.files.items()
        return [
            Entry("etc/machine-id", f"{uuid.uuid4().hex}\n".encode(), 0o444),
            Entry("etc/hosts", names.encode(), 0o644),
            Entry("etc/lab", None, 0o755),
            Entry("etc/lab/disks", disks.encode(), 0o644),
            *([] if self.gpus is None else [Entry("etc/lab/gpus", "".join(self.gpus).encode(), 0o644)]),
            Entry("etc/ssh/sshd_config.d/lab.conf", f"Port {self.port}\n".encode(), 0o644),
            Entry("etc/apt/apt.conf.d/90lab", "\n".join([*self.apt_settings, ""]).encode(), 0o644),
            *(Entry(f"etc/ssh/{name}", text, 0o644 if name.endswith(".pub") else 0o600) for name, text in keys),
            Entry(f"{home}/.ssh", None, 0o700, owner),
            Entry(f"{home}/.ssh/authorized_keys", f"{self.authorized_key}\n".encode(), 0o600, owner),
        ]

    def put(self, root: Path) -> None:
        """Writes them into the root of a blade that does not run yet.

        Straight to their place: what podman copies passes through a file in /var/tmp, which a killed podman leaves.
        """
        for entry in self.entries():
            entry.put(root)


@dataclass(frozen=True)
class Entry:
    """A file of a new blade, or a folder where the content is None; the path goes from the root."""

    path: str
    content: bytes | None
    mode: int
    owner: int = 0

    def put(self, root: Path) -> None:
        place = root / self.path
        if self.content is None:
            place.mkdir(exist_ok=True)
        else:
            place.unlink(missing_ok=True)
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
                handle.write(self.content)
        os.chown(place, self.owner, self.owner)
        place.chmod(self.mode)


def make_host_keys(name: str, place: Path) -> HostKeys:
    """New host keys of every type that Debian's sshd makes at installation; `place` is a private folder for them."""
    with tempfile.TemporaryDirectory(dir=place, prefix=_KEYS) as folder:
        (Path(folder) / "etc/ssh").mkdir(parents=True)
        run(["ssh-keygen", "-A", "-f", folder], f"making host keys for {name}")
        files = (Path(folder) / "etc/ssh").iterdir()
        return HostKeys({file.name: file.read_bytes() for file in files})


def sweep_host_keys(place: Path) -> None:
    """Removes keys that a killed command left in their folder."""
    for folder in place.glob(f"{_KEYS}*"):
        shutil.rmtree(folder, ignore_errors=True)


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
