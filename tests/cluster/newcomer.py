"""Machines that have nothing but ssh, and a person who knows their addresses: nothing of a lab is left to them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.labs import Lab, Said

ACCOUNT = "admin"
NAMES = ("alpha", "beta", "gamma")


@dataclass
class Newcomer:
    """A person with an ordinary key in an agent, an empty folder and a state of its own.

    `command` is the program, such as that of an installed wheel.
    """

    lab: Lab
    folder: Path
    agent: str
    command: Sequence[str] = (sys.executable, "-m", "provisioner")

    @property
    def machines(self) -> list[str]:
        """The blades of the lab behind the machines alpha, beta and gamma."""
        return [self.lab.controller, *self.lab.compute, self.lab.spare]

    @property
    def addresses(self) -> list[str]:
        """Where ssh reaches them."""
        return [f"10.62.{self.lab.subnet}.{101 + number}" for number in range(len(self.machines))]

    @property
    def scanned(self) -> str:
        """What a person writes behind --scan."""
        return ",".join(f"{ACCOUNT}@{address}" for address in self.addresses)

    @property
    def known_hosts(self) -> Path:
        """The host keys of the site."""
        return self.folder / "state" / "provision" / "lab" / "known_hosts"

    def inside(self, machine: str, script: str) -> str:
        """What a script prints as root on alpha, beta or gamma."""
        return self.lab.inside(self.machines[NAMES.index(machine)], script)

    def run(self, *words: str) -> Said:
        """`provision WORDS` in the folder."""
        return self._run([*self.command, *words])

    def ssh(self, machine: str, *words: str) -> Said:
        """Plain ssh to a machine, as a person does it; the host key was taken by provision."""
        options = [f"UserKnownHostsFile={self.known_hosts}", "StrictHostKeyChecking=yes", "BatchMode=yes"]
        given = [word for option in options for word in ("-o", option)]
        return self._run(["ssh", "-F", "none", *given, f"{ACCOUNT}@{self.addresses[NAMES.index(machine)]}", *words])

    def _run(self, command: Sequence[str]) -> Said:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}:/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "SSH_AUTH_SOCK": self.agent,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "COLUMNS": "200",
            "LC_ALL": "C.UTF-8",
        }
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout, done.stderr)


@contextmanager
def newcomer(lab: Lab, folder: Path) -> Iterator[Newcomer]:
    """A newcomer to the machines of a lab, whose own account and key open none of them any more."""
    key, socket = folder / "id_ed25519", folder / "agent"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "newcomer", "-f", key], check=True)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert agent.poll() is None
        subprocess.run(
            ["ssh-add", "-q", str(key)],
            check=True,
            capture_output=True,
            env={**os.environ, "SSH_AUTH_SOCK": str(socket)},
        )
        key.unlink()  # the agent alone has it, as where a person logs in with one
        found = Newcomer(lab, folder, str(socket))
        public = (folder / "id_ed25519.pub").read_text().strip()
        for blade, name in zip(found.machines, NAMES, strict=True):
            lab.inside(blade, _handed_over(name, public))
        yield found
    finally:
        agent.terminate()
        agent.wait()


def _handed_over(name: str, public: str) -> str:
    """A script that makes a blade of the lab somebody's machine: a name, an account with sudo, and no other way in."""
    assert re.fullmatch(r"[A-Za-z0-9+/= -]+", public)
    return f"""set -eu
hostname {name}; echo {name} > /etc/hostname
useradd --create-home --shell /bin/bash {ACCOUNT}
echo '{ACCOUNT} ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/{ACCOUNT}
install -d -m 0700 -o {ACCOUNT} -g {ACCOUNT} /home/{ACCOUNT}/.ssh
echo '{public}' > /home/{ACCOUNT}/.ssh/authorized_keys
chown {ACCOUNT}: /home/{ACCOUNT}/.ssh/authorized_keys
rm -rf /home/provision /root/.ssh
"""
