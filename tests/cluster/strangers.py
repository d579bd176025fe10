"""Machines outside of a lab's network that reach its blades through this one, unmasked, as through a router."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.cluster.labs import Lab, Said

_TRY = """
import socket, sys
source, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
try:
    socket.create_connection((address, port), timeout=3, source_address=(source, 0)).close()
    print("open")
except ConnectionRefusedError:
    print("open")
except TimeoutError:
    print("closed")
"""


@dataclass(frozen=True)
class Outside:
    """A network namespace with the addresses of an admin and of somebody else."""

    lab: Lab

    @property
    def name(self) -> str:
        return f"outside-{self.lab.subnet}"

    @property
    def admin(self) -> str:
        """Where connections come from that choose no source."""
        return f"198.18.{self.lab.subnet}.2"

    @property
    def stranger(self) -> str:
        return f"198.18.{self.lab.subnet}.3"

    def tries(self, source: str, blade: str, port: int) -> str:
        """`open` or `closed`: whether a port of a blade is reached, whether or not anything listens there."""
        address = f"10.62.{self.lab.subnet}.{100 + int(blade[-3:])}"
        words = ["ip", "netns", "exec", self.name, sys.executable, "-c", _TRY, source, address, str(port)]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    def provision(self, *words: str) -> Said:
        """Runs `provision WORDS` as the admin there does."""
        command = ["ip", "netns", "exec", self.name, *self.lab.command(*words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.lab.variables())
        return Said(done.returncode, done.stdout, done.stderr)


@contextmanager
def outside(lab: Lab) -> Iterator[Outside]:
    """Such a namespace for a while."""
    made = Outside(lab)
    here, gate = f"out{lab.subnet}", f"198.18.{lab.subnet}.1"
    _remove(made.name, here)
    _ip(f"netns add {made.name}")
    try:
        _ip(f"link add {here} type veth peer name eth0 netns {made.name}")
        _ip(f"address add {gate}/29 dev {here}")
        _ip(f"link set {here} up")
        _ip(f"-n {made.name} link set lo up")
        for address in (made.admin, made.stranger):
            _ip(f"-n {made.name} address add {address}/29 dev eth0")
        _ip(f"-n {made.name} link set eth0 up")
        _ip(f"-n {made.name} route add default via {gate}")
        yield made
    finally:
        _remove(made.name, here)


def _ip(words: str) -> None:
    subprocess.run(["ip", *shlex.split(words)], check=True, capture_output=True)


def _remove(name: str, link: str) -> None:
    for words in (["netns", "delete", name], ["link", "delete", link]):
        subprocess.run(["ip", *words], check=False, capture_output=True)
