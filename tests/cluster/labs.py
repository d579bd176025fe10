"""A lab of its own for tests: a plan, its blades as containers, and the command `provision` on them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from tests.cluster.waiting import until

# A fixed place and fixed names, so that the next run can remove what a killed one left behind.
STATE_HOME = Path(os.environ.get("HOME", "/root")) / ".cache" / "provision-tests"
COMMAND = (sys.executable, "-m", "provisioner")
_CLAIMED: dict[str, FileLock] = {}


def _claim(name: str) -> None:
    """Keeps other runs of these tests away from the lab of this name as long as this process lives.

    They would take it down, since they clean up after killed runs.
    """
    if name in _CLAIMED:
        return
    STATE_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(STATE_HOME / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RuntimeError(f"another run of these tests uses the lab {name} on this machine") from None
    _CLAIMED[name] = lock


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err

    @property
    def json(self) -> dict[str, Any]:
        """Its --json answer."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer

    def failure(self, blade: str) -> str:
        """The failure of a blade, message and next step, as one text."""
        found = self.json["blades"][blade]["failure"]
        assert found is not None, f"{blade} did not fail: {self.out}"
        return f"{found['message']}; {found['next_step']}"


@dataclass(frozen=True)
class VirginCheck:
    """`--check` on blades that nothing was done to: what it said, and the blades around it; and `verify` on them."""

    said: Said
    verified: Said
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True)
class FirstRun:
    """The run that makes virgin blades a cluster: what it said, and the nodes that were there after it."""

    said: Said
    states: dict[str, str]


@dataclass
class Lab:
    """One controller (BLD-001) and compute blades BLD-002, BLD-003, ...; the first two have scratch disks.

    `spare` is a blade of the lab beside those: tests reimage and break it. `accounting` and `mpi` are what the plan
    says of them: a database costs a first run half a minute, OpenMPI each blade 300 MB, so the tests that are about
    something else go without. `shared` is a directory that all blades have at /shared. `more` is what else the plan
    says.
    """

    name: str
    subnet: int
    compute_count: int
    release: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    accounting: Any = False
    mpi: Any = False
    shared: Path | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _claim(self.name)
        self.plan = self.folder / f"{self.name}.yml"
        self.write_plan()

    def write_plan(self) -> None:
        """Writes the plan, also anew after a test has changed what it says."""
        self.plan.write_text(yaml.safe_dump(self._plan(), sort_keys=False))

    def _plan(self) -> dict[str, Any]:
        blades = {}
        for number in range(1, self.compute_count + 3):
            name = f"BLD-{number:03}"
            blades[name] = {
                "bay": number,
                "address": f"10.62.{self.subnet}.{100 + number}",
                "tier": {1: "fat", 2: "medium", 3: "medium"}.get(number, "thin"),
                "ram": 8,
                "disks": ["1 x 300 GB SAS"] if number in (2, 3) else [],
            }
        return {
            "cluster": {
                "name": self.name,
                "network": f"10.62.{self.subnet}.0/24",
                "controller": self.controller,
            },
            "ssh": {"user": "provision"},
            "enclosure": {"bays": len(blades)},
            "accounting": self.accounting,
            "mpi": self.mpi,
            **self.more,
            "tiers": {
                "fat": {"slurm": ["controller"]},
                "medium": {"slurm": ["compute"], "scratch": {"size_gb": 300}},
                "thin": {"slurm": ["compute"]},
            },
            "blades": blades,
        }

    controller = "BLD-001"

    @property
    def compute(self) -> list[str]:
        """The compute blades without the spare one."""
        return [f"BLD-{number:03}" for number in range(2, self.compute_count + 2)]

    @property
    def spare(self) -> str:
        """The blade that tests break."""
        return f"BLD-{self.compute_count + 2:03}"

    @property
    def state_folder(self) -> Path:
        """The state folder of the cluster."""
        return STATE_HOME / "provision" / self.name

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of every command."""
        return {**os.environ, "XDG_STATE_HOME": str(STATE_HOME), "COLUMNS": "200", **self.environment, **more}

    def command(self, *words: str) -> list[str]:
        """`provision WORDS` with the plan of this lab."""
        verb = 2 if words[0] in ("lab", "rotate") else 1
        return [*COMMAND, *words[:verb], f"--plan={self.plan}", *words[verb:]]

    def provision(self, *words: str, **more: str) -> Said:
        """Runs `provision WORDS`; `more` is added to its environment."""
        return self._said(words, self.variables(**more))

    def provision_of(self, project: Path, *words: str) -> Said:
        """Runs `provision WORDS` of the project in a folder: Python takes the package from where it starts."""
        assert (sys.executable, "-m", "provisioner") == COMMAND
        return self._said(words, self.variables(), project)

    def _said(self, words: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> Said:
        done = subprocess.run(
            self.command(*words), cwd=folder, capture_output=True, text=True, check=False, env=environment
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def slurm(self, blades: Sequence[str], *words: str) -> Said:
        """`provision slurm --json` on blades."""
        return self.provision("slurm", f"--nodes={','.join(blades)}", "--json", *words)

    def lab(self, verb: str, *words: str) -> None:
        """`provision lab VERB`, which has to work."""
        said = self.provision("lab", verb, *words)
        assert said.code == 0, f"lab {verb}: {said.text}"

    def up(self) -> None:
        """Starts all blades, after whatever an earlier run left behind is gone."""
        self.lab("down")
        self.lab("up", f"--os={self.release}", *([f"--shared={self.shared}"] if self.shared else []))

    def container(self, blade: str) -> str:
        """The name of the container that plays a blade."""
        return f"provision-lab-{self.name}-{blade.lower()}"

    def inside(self, blade: str, script: str) -> str:
        """What a shell script prints as root on a blade; needs neither SSH nor sudo there."""
        said = self.tried(blade, script)
        assert said.code == 0, f"{blade}: {shlex.quote(script)}: {said.err or said.out}"
        return said.out.strip()

    def tried(self, blade: str, script: str) -> Said:
        """The same for a script that may fail."""
        done = subprocess.run(
            ["podman", "exec", self.container(blade), "sh", "-c", script], capture_output=True, text=True, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ask(self, script: str) -> str:
        """What a script prints on the controller."""
        return self.inside(self.controller, script)

    def states(self) -> dict[str, str]:
        """Blade -> state, of all nodes that slurmctld knows."""
        listed = self.ask("sinfo --noheader --Node --partition=all --format='%N %T'")
        return {name.upper(): state for name, state in (line.split() for line in listed.splitlines())}

    def state(self, blade: str, expected: str, seconds: float = 30) -> str:
        """The state of a node once it is the expected one, or as it is when the time is over.

        The verifying job of a run can be still completing for a moment.
        """
        until(lambda: self.states().get(blade) == expected, seconds)
        return self.states().get(blade, "not known to slurmctld")

    @property
    def group_vars(self) -> Path:
        """The folder of the site's variables beside the plan; there is none unless a test makes one."""
        return self.folder / "group_vars"

    @property
    def accounts_file(self) -> Path:
        """The accounts file beside the plan; there is none unless a test makes one."""
        return self.plan.parent / "accounts.yml"

    @contextmanager
    def variables_of_the_site(self, **variables: Any) -> Iterator[None]:
        """The site's variables for a while."""
        self.group_vars.mkdir()
        try:
            (self.group_vars / "all.yml").write_text(yaml.safe_dump(variables))
            yield
        finally:
            shutil.rmtree(self.group_vars)

    def fingerprint(self, blade: str) -> str:
        """Packages, accounts and every file outside of run time data, as one text to compare."""
        return self.inside(blade, FINGERPRINT)


# Content of what is small, size of what is big; what logins and time itself change is left out.
FINGERPRINT = r"""
dpkg-query --show --showformat '${Package} ${Version} ${db:Status-Status}\n'
getent passwd; getent group
systemctl list-unit-files --no-legend --no-pager
find /etc /usr/local /var/lib /var/cache /home /root /opt -xdev -type f \
  ! -path '*/.ansible/*' ! -path '/var/lib/systemd/*' ! -path '/etc/machine-id' -size -200k \
  -exec sha256sum {} + | sort -k 2
find / -xdev -path /proc -prune -o -path /sys -prune -o -path /run -prune -o -path /tmp -prune \
  -o -path /var/log -prune -o -path /var/lib/systemd -prune -o -print | sort
"""
