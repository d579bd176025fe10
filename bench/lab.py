"""The lab that is measured: bench/plan.yml as containers, with a state folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bench.states import rendered
from provisioner.lab.settings import container_name
from provisioner.plan.load import load_plan
from provisioner.ssh_identity import ssh_identity
from provisioner.state.masks import QUIET

PLAN = Path(__file__).parent / "plan.yml"
# A fixed place, so that the next run can remove what a killed one left behind.
STATE_HOME = Path.home() / ".cache" / "provision-bench"
ENVIRONMENT = {**os.environ, "XDG_STATE_HOME": str(STATE_HOME), "COLUMNS": "200"}
# As `provision` asks for it: the floor is not to pay for a slower key exchange.
_CRYPTO = ("KexAlgorithms=^curve25519-sha256",)


def provision(*words: str) -> list[str]:
    """The command `provision WORDS`, as it is installed beside this Python."""
    return [str(Path(sys.executable).with_name("provision")), *words]


class BenchLab:
    """Controller BLD-001 and compute blades BLD-002, BLD-003, ..."""

    def __init__(self, plan_file: Path = PLAN) -> None:
        self.plan_file = plan_file
        self.plan = load_plan(plan_file)
        self.state = STATE_HOME / "provision" / self.plan.cluster.name
        self.controller = self.plan.cluster.controller

    def compute(self, count: int) -> list[str]:
        """The first compute blades."""
        return [name for name in self.plan.blades if name != self.controller][:count]

    def members(self, count: int) -> list[str]:
        """The controller and the first compute blades."""
        return [self.controller, *self.compute(count)]

    def lab(self, verb: str, *words: str) -> None:
        """`provision lab VERB WORDS`, which has to work."""
        command = provision("lab", verb, f"--plan={self.plan_file}", *words)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        if done.returncode != 0:
            sys.exit(f"provision lab {verb}: {done.stdout}{done.stderr}")

    def inside(self, blade: str, script: str) -> str:
        """What a shell script prints as root on a blade, without SSH."""
        container = container_name(self.plan.cluster.name, blade)
        command = ["podman", "exec", container, "sh", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{blade}: {script}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def control_groups(self, blades: Sequence[str]) -> list[str]:
        """The control groups of blades, below those of the machine."""
        names = [container_name(self.plan.cluster.name, blade) for blade in blades]
        command = ["podman", "container", "inspect", "--format", "{{.State.CgroupPath}}", *names]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    def reimage(self, blades: Sequence[str]) -> None:
        """New roots and empty disks, as blades come from the imaging."""
        self.lab("reimage", "--wipe-disks", *blades)

    def slurm(self, count: int) -> list[str]:
        """The command `provision slurm` over the controller and the first compute blades."""
        return provision("slurm", f"--plan={self.plan_file}", f"--nodes={','.join(self.compute(count))}", "--json")

    def ssh(self, blade: str, remote: str) -> list[str]:
        """A plain ssh call with the key and host keys that `provision` uses; it shares no connection."""
        key, known_hosts = ssh_identity(self.state)
        options = [
            f"UserKnownHostsFile={known_hosts}",
            "BatchMode=yes",
            "ControlMaster=no",
            "ControlPath=none",
            *_CRYPTO,
        ]
        return [
            "ssh", "-F", "none", *(word for option in options for word in ("-o", option)),
            *(["-i", str(key)] if key else []), "-p", str(self.plan.ssh.port),
            f"{self.plan.ssh.user}@{self.plan.blades[blade].address}", remote,
        ]  # fmt: skip

    def installs(self, blades: Sequence[str], fresh: bool) -> dict[str, str]:
        """Blade -> the shell line that installs what `provision slurm` installs there.

        `fresh` also does what a run does on a new blade: it fetches package lists that are more than an hour old,
        and masks the daemons that would wait for a controller.
        """
        debian = self.inside(blades[0], '. /etc/os-release && echo "$VERSION_ID"')
        new = {"os": {"version_id": debian}, "units": {}}
        packages, masks = f"state_packages('{debian}')", f"state_quiet_units({new})"
        asked = f"[state_wanted | {packages}, state_wanted | {masks}]"
        found = rendered(self.plan_file, blades, asked)
        return {
            blade: new_install(names, masks) if fresh else install(names) for blade, (names, masks) in found.items()
        }


def install(names: Sequence[str]) -> str:
    """The shell line that installs packages."""
    return f"sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends {' '.join(names)}"


def new_install(names: Sequence[str], masks: Sequence[str]) -> str:
    """The same on a new blade: with package lists, and links that keep daemons from starting."""
    lists = '{ [ "$(find /var/lib/apt/lists -maxdepth 0 -mmin -60)" ] || sudo apt-get update -qq; }'
    return " && ".join([lists, *(f"sudo ln -sf {QUIET} /etc/systemd/system/{mask}" for mask in masks), install(names)])


@contextmanager
def bench_lab(lab: BenchLab, blades: Sequence[str], release: str, keep: bool) -> Iterator[None]:
    """Brings the lab up with these blades, without what a killed run left behind; removed at the end.

    Only one at a time on this machine: a second one would take the first one's blades away.
    """
    STATE_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(STATE_HOME.with_suffix(".lock"), timeout=0):
            lab.lab("down")
            try:
                lab.lab("up", f"--os={release}", f"--nodes={','.join(blades)}")
                yield
            finally:
                if not keep:
                    lab.lab("down")
                    shutil.rmtree(lab.state)  # other labs have theirs beside it
    except Timeout:
        sys.exit("another `make bench` runs on this machine")


def on_each(lab: BenchLab, blades: Sequence[str], script: str) -> dict[str, str]:
    """Blade -> what a shell script prints there."""
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(blades, pool.map(lambda blade: lab.inside(blade, script), blades), strict=True))
