"""The site's host CA: a key on this machine that vouches for the host keys of blades. It never leaves this machine."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from provisioner.console_text import one_line
from provisioner.errors import ProvisionError, UsageError
from provisioner.host_certificate import KINDS, host_keys
from provisioner.ssh_identity import blades_folder

NAME = "host_ca"
DAYS = 365
"""How long a certificate is good."""
_EARLIER = "-5m"
# A clock of a machine that was just imaged may be behind.
_SECONDS = 20


@dataclass(frozen=True)
class HostCa:
    """A host CA: the file of its private key, and its public key as `type base64`."""

    file: Path
    public: str


def ca_file(state: Path) -> Path:
    """Where the key of the CA is, in the cluster's state folder or in that of its lab."""
    return blades_folder(state) / NAME


def read_ca(state: Path) -> HostCa | None:
    """The CA, None where there is none yet.

    Raises:
        UsageError: its key cannot be used.
    """
    file = ca_file(state)
    if not file.exists():
        return None
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise UsageError(f"the key of the host CA, {file}, may be read by others", f"chmod 600 {file}")
    said = _run(["ssh-keygen", "-y", "-P", "", "-f", str(file)])
    words = said.stdout.split()
    if said.returncode or len(words) < 2:
        why = "is locked by a passphrase" if "passphrase" in said.stderr else "cannot be used"
        raise UsageError(
            f"the key of the host CA, {file}, {why}",
            "put the right one back, or move it away: the next run then makes another CA, and signs all host keys anew",
        )
    return HostCa(file, " ".join(words[:2]))


def ensure_ca(state: Path, cluster: str) -> HostCa:
    """The CA, made where there is none. One that is there is never replaced.

    Raises:
        UsageError: the key that is there cannot be used.
        ProvisionError: it cannot be made.
    """
    file = ca_file(state)
    with FileLock(file.with_name(f".{NAME}.lock")):
        if (found := read_ca(state)) is not None:
            return found
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{NAME}.") as folder:
            made = Path(folder) / NAME
            comment = f"host CA of {cluster}"
            said = _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(made)])
            if said.returncode:
                raise ProvisionError(f"the host CA cannot be made: {one_line(said.stderr, 300)}", f"look at {folder}")
            _to_disk(made)
            made.replace(file)
    found = read_ca(state)
    if found is None:
        raise ProvisionError(f"the host CA, {file}, is gone again", "run it once more")
    return found


def sign(ca: HostCa, blade: str, key: str, names: Iterable[str], days: int = DAYS) -> str:
    """The certificate of a host key, as the line of a `-cert.pub` file.

    Args:
        blade: who has the key, for people.
        key: `type base64`.
        names: what ssh knows the blade by; without any it would be good for every host, so none is an error.
        days: how long it is good.

    Raises:
        ProvisionError: it cannot be signed.
    """
    principals = ",".join(dict.fromkeys(names))
    if not principals:
        raise ProvisionError(f"there is no name to sign the host key of {blade} for", "look at its entry in the plan")
    if not host_keys(key):
        raise ProvisionError(
            f"what is to be signed for {blade} is no host key of the kinds {', '.join(KINDS)}",
            "name the public half, such as ssh_host_ed25519_key.pub",
        )
    with tempfile.TemporaryDirectory() as folder:
        public = Path(folder) / "key.pub"
        public.write_text(f"{key} {blade}\n")
        # The serial number tells certificates of one key apart.
        command = ["ssh-keygen", "-q", "-s", str(ca.file), "-P", "", "-h", "-I", blade, "-n", principals]
        command += ["-V", f"{_EARLIER}:+{days}d", "-z", str(int(time.time())), str(public)]
        said = _run(command)
        try:
            return (Path(folder) / "key-cert.pub").read_text()
        except OSError:
            words = one_line(said.stderr, 300) or "ssh-keygen made no certificate"
            raise ProvisionError(
                f"the host key of {blade} cannot be signed: {words}", f"look at {ca.file} and the disk of this machine"
            ) from None


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProvisionError(f"ssh-keygen does not work here: {error}", "install OpenSSH 8.5 or newer") from None


def _to_disk(file: Path) -> None:
    """An empty key after a power cut would be one that nobody can use."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
