"""A user of the cluster: an account on every blade, a home that they share, programs of PyPI in it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

UID = 2000
FILES = Path(__file__).with_name("shown")
# How this machine reaches PyPI, where it is told. Debian's mirror is reached as the lab does it for every blade.
WAYS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True)
class User:
    """Somebody who knows nothing of this project, with an ordinary account."""

    lab: Lab
    name: str

    @property
    def home(self) -> Path:
        """The home, as this machine has it."""
        assert self.lab.shared is not None
        return self.lab.shared / self.name

    def create(self) -> None:
        """The account, with the same uid on every blade."""
        words = f"--uid={UID} --user-group --shell=/bin/bash --home-dir=/shared/{self.name} --no-create-home"
        for blade in (self.lab.controller, *self.lab.compute, self.lab.spare):
            self.lab.inside(blade, f"useradd {words} {self.name}")
        self.lab.ask(f"install --directory --owner={self.name} --group={self.name} /shared/{self.name}")

    def install(self, requirements: Path) -> None:
        """The programs, as the user installs them."""
        self.lab.ask("DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet python3-venv > /dev/null")
        self._give(requirements, "requirements.txt")
        ways = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in WAYS if name in os.environ)
        self.must("python3 -m venv programs")
        self.must(f"{ways} programs/bin/pip install --quiet --require-hashes --requirement requirements.txt")

    def _give(self, source: Path, name: str) -> None:
        (self.home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.home / name)
        self.lab.ask(f"chown --recursive {self.name}: /shared/{self.name}/{name.split('/')[0]}")

    def runs(self, command: str, files: Sequence[str], seconds: int = 400) -> Said:
        """Logs in to the controller and runs a command in a new folder that has these files of the documentation."""
        folder = f"work-{Path(files[0]).stem}"
        for file in files:
            self._give(FILES / file, f"{folder}/{file}")
        return self.says(f". programs/bin/activate && cd {folder} && timeout {seconds} {command}")

    def says(self, command: str) -> Said:
        """What a command says in a new login of the user."""
        return self.lab.tried(self.lab.controller, f"su - {self.name} -c {shlex.quote(command)}")

    def must(self, command: str) -> str:
        """The same of a command that has to work."""
        said = self.says(command)
        assert said.code == 0, said.text
        return said.out

    def ended(self, words: str) -> list[str]:
        """States of the user's jobs of a kind, as sacct tells them: `words` chooses the jobs."""
        return self.must(f"sacct --noheader --allocations --parsable2 --format=State {words}").splitlines()

    def has_no_jobs(self) -> bool:
        """Whether the queue is empty, after a while at most."""
        return until(lambda: not self.must("squeue --me --noheader"), 60)
