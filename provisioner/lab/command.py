"""Runs the programs of the host that a lab needs, and turns their failures into plain errors."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from provisioner.errors import ProvisionError, UsageError
from provisioner.lab.lock import inherited

# program -> Debian package; checked before the first change, so that nobody installs one by one
PROGRAMS = {
    "podman": "podman",
    "mmdebstrap": "mmdebstrap",
    "losetup": "mount",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ssh-keygen": "openssh-client",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "iptables": "iptables",
}

# podman needs one of these to make a bridge; they are not on the PATH
BRIDGES = (
    "/usr/lib/podman/netavark",
    "/usr/libexec/podman/netavark",
    "/usr/lib/cni/bridge",
    "/usr/libexec/cni/bridge",
    "/opt/cni/bin/bridge",
)


def run(
    argv: Sequence[str],
    purpose: str,
    next_step: str = "",
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> str:
    """The standard output of a program. `stop` is what Ctrl-C here sends to it.

    Raises:
        ProvisionError: it failed; says the purpose and the reason the program gave.
    """
    # files, not pipes: a program outlives a killed parent, and a broken pipe would kill it half-way
    with TemporaryFile() as output, TemporaryFile() as errors:
        returncode = _wait_for(argv, output, errors, stdin, environment or {}, stop)
        output.seek(0)
        errors.seek(0)
        said, complained = (each.read().decode(errors="replace") for each in (output, errors))
    if returncode != 0:
        raise ProvisionError(
            f"{purpose} failed: {reason(complained)}",
            next_step or f"run it by hand to see more: {' '.join(argv[:4])} ...",
        )
    return said


def _wait_for(
    argv: Sequence[str],
    output: IO[bytes],
    errors: IO[bytes],
    stdin: bytes,
    environment: Mapping[str, str],
    stop: signal.Signals,
) -> int:
    """Runs the program to its end; the exit code."""
    with subprocess.Popen(
        list(argv),
        # never the terminal: no program of the lab asks anybody anything
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        env={**os.environ, **environment},
        pass_fds=inherited(),
        # Ctrl-C and a closed terminal reach this process only: a podman that is killed half-way
        # leaves addresses taken and processes that nobody owns
        start_new_session=True,
    ) as process:
        try:
            process.communicate(stdin)
        except BaseException:
            process.send_signal(stop)  # podman is asked, and tidies up; the `with` waits for it
            raise
        return process.returncode


def reason(text: str) -> str:
    """The line of a program's complaints that says why: apt's first error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # apt says first what went wrong, and then only that it did
    apt = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")]
    return next(iter(apt or lines[-1:]), "no message")


def missing_packages(programs: Mapping[str, str] = PROGRAMS) -> list[str]:
    """Debian packages to install so that all the programs are there."""
    return sorted({pkg for program, pkg in programs.items() if shutil.which(program) is None})


def require_host(runtime: str) -> None:
    """Root, and every program a lab needs.

    Raises:
        UsageError: not root, or programs are missing; with the line that installs them.
    """
    if os.geteuid() != 0:
        raise UsageError(
            "a lab needs root: loop disks and bridged networks are made by the host's root",
            "run the same command with sudo",
        )
    missing = missing_packages({**PROGRAMS, runtime: runtime})
    if not any(Path(bridge).exists() for bridge in BRIDGES):
        missing.append("netavark")
    if missing:
        raise UsageError(
            f"programs of the lab are missing on this machine: {', '.join(missing)}",
            f"apt-get install --yes {' '.join(missing)}",
        )
