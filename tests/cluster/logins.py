"""A user of a lab who logs in by SSH, and a plan that says where and when that is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.labs import Lab, Said

USER = "ada"
PENDING = "/var/lib/provision/trial/adopt/pending"
PAM = "/etc/pam.d/sshd"


@dataclass(frozen=True)
class Person:
    """An account with a key on all blades."""

    lab: Lab
    key: Path
    name: str = USER

    def ssh(self, blade: str, *words: str, patience: int = 60) -> Said:
        """What a command says in a session of its own."""
        return self._run([*self._words(blade), *words], patience)

    @contextmanager
    def session(self, blade: str, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A session that goes on; it is over when its process is, at the latest at the end of this."""
        command = [*self._words(blade), *words]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as begun:
            try:
                yield begun
            finally:
                begun.kill()

    def _words(self, blade: str) -> list[str]:
        address = f"10.62.{self.lab.subnet}.{100 + int(blade[-3:])}"
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        given = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "none", "-i", str(self.key), *given, f"{self.name}@{address}"]

    @staticmethod
    def _run(command: Sequence[str], patience: int) -> Said:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=patience
        )
        return Said(done.returncode, done.stdout, done.stderr)


def move_in(lab: Lab, folder: Path, blades: Sequence[str], name: str = USER, more: str = "--uid=4711") -> Person:
    """Makes the account on blades; `more` goes to useradd."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text().strip()
    for blade in blades:
        lab.inside(
            blade,
            f"id {name} 2>/dev/null || useradd {more} --create-home --shell /bin/bash {name}; cd ~{name} && "
            f"mkdir -p .ssh && echo '{public}' > .ssh/authorized_keys && chown -R {name}: .ssh && chmod 700 .ssh",
        )
    numbers = {blade: lab.inside(blade, f"id -u {name}") for blade in blades}
    assert len(set(numbers.values())) == 1, f"{name} has other numbers elsewhere: {numbers}"
    if lab.controller in blades:
        # slurmctld gives no job of somebody whom it does not find, and srun then calls the nodes not ready.
        seen = lab.tried(
            lab.controller, f"setpriv --reuid=slurm --clear-groups getent passwd {name}; ls -l /etc/passwd"
        )
        assert f"{name}:" in seen.text, seen.text
    return Person(lab, key, name)


@contextmanager
def plan_says(lab: Lab, **more: Any) -> Iterator[None]:
    """A plan that says more for a while; None takes a word out of it."""
    before = lab.more
    try:
        lab.more = {key: value for key, value in {**before, **more}.items() if value is not None}
        lab.write_plan()
        yield
    finally:
        lab.more = before
        lab.write_plan()
