"""Reaches blades of the lab over SSH, and waits until they are up."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time

from provisioner.errors import ProvisionError
from provisioner.lab.blades import Bench
from provisioner.ssh import CLOSED

BOOT_SECONDS = 90
_POLL_SECONDS = 0.2


def ssh_command(bench: Bench, blade: str) -> list[str]:
    """The ssh command line to a blade, with the lab's key and the site's host keys."""
    known = ["UserKnownHostsFile=" + str(bench.files.known_hosts), "StrictHostKeyChecking=yes"]
    return _ssh(bench, blade, known)


def _ssh(bench: Bench, blade: str, options: list[str]) -> list[str]:
    way = bench.way(blade)
    given = [
        "IdentitiesOnly=yes",
        "LogLevel=ERROR",
        "GlobalKnownHostsFile=none",
        "ConnectTimeout=10",
        *CLOSED,
        *options,
    ]
    return [
        "ssh", "-F", "none", "-i", str(bench.files.key), "-p", str(way.port),
        *(word for option in given for word in ("-o", option)),
        f"{way.user}@{way.address}",
    ]  # fmt: skip


def wait_until_up(bench: Bench, blade: str, seconds: float = BOOT_SECONDS) -> None:
    """Waits until a login works.

    Raises:
        ProvisionError: the deadline passed; names where to look.
    """
    deadline = time.monotonic() + seconds
    where = (bench.way(blade).address, bench.way(blade).port)
    while time.monotonic() < deadline:
        # the cheap question first: many blades boot at once on few cores
        if _greets(where) and _lets_in(bench, blade):
            return
        time.sleep(_POLL_SECONDS)
    raise ProvisionError(
        f"{blade} was started but no login worked at {where[0]} within {seconds:.0f} s",
        f"look at its console: podman logs {bench.container(blade)}",
    )


def _greets(where: tuple[str, int]) -> bool:
    with (
        contextlib.suppress(OSError),
        socket.create_connection(where, timeout=2) as connection,
    ):
        return connection.recv(4).startswith(b"SSH-")
    return False


def _lets_in(bench: Bench, blade: str) -> bool:
    """sshd answers before systemd opens logins. Host keys do not matter here: nothing is sent, and
    a blade whose reimage was not announced is up all the same."""
    unchecked = ["BatchMode=yes", "UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no"]
    argv = [*_ssh(bench, blade, unchecked), "true"]
    asked = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return asked.returncode == 0
