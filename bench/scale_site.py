"""The lab of the scale scenario: one container that is the controller and has room for every slurmd.

The plan is a plan like any other, with the controller alone; the thousand blades join it in memory, since an
enclosure of a plan file has at most 256 bays.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from provisioner.names import host_name
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.node import Blade

CLUSTER = "scale"
NETWORK = "10.64.0.0/19"
# The emulated nodes' part of it: local addresses of the container, each the address of one slurmd.
NODE_NETWORK = "10.64.16.0/20"
CONTROLLER = "CTL"
CONTROLLER_ADDRESS = "10.64.0.10"
STATE_HOME = Path.home() / ".cache" / "provision-bench"

# A thousand slurmds share one system: no cgroups, and each listens on the address of its own host name.
SETTINGS = {
    "ProctrackType": "proctrack/linuxproc",
    "TaskPlugin": "task/none",
    "JobAcctGatherType": "jobacct_gather/none",
    "PrologFlags": None,
    "CommunicationParameters": "NoInAddrAny",
}


class Wrong(Exception):
    """A check of the scenario failed; the text says what was expected and what was found."""


def expect(truth: object, words: str) -> None:
    """Ends the scenario with these words unless the truth is true."""
    if not truth:
        raise Wrong(words)


def node_address(number: int) -> str:
    """The address of the node with this number, from 1."""
    return str(IPv4Address(NODE_NETWORK.split("/")[0]) + number)


PLAN: dict[str, Any] = {
    "cluster": {"name": CLUSTER, "network": NETWORK, "controller": CONTROLLER},
    "ssh": {"user": "provision"},
    # All nodes are one machine.
    "health": False,
    "tiers": {"fat": {"slurm": ["controller"]}, "thin": {"slurm": ["compute"]}},
    "blades": {CONTROLLER: {"bay": 1, "address": CONTROLLER_ADDRESS, "tier": "fat", "ram": 8}},
}


def compute_blades(count: int) -> dict[str, Blade]:
    """The blades E0001, E0002, ... by name."""
    return {
        f"E{number:04}": Blade.model_validate(
            {"bay": number + 1, "address": node_address(number), "tier": "thin", "ram": 8}
        )
        for number in range(1, count + 1)
    }


@dataclass(frozen=True)
class Site:
    """The running lab and its plan."""

    plan: Plan
    plan_file: Path

    @property
    def nodes(self) -> list[str]:
        """The compute blades by name, in the order of their numbers."""
        return [name for name in self.plan.blades if name != CONTROLLER]

    def provision(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs `provision WORDS` over the plan; a word less than a verb gets no plan."""
        verb = 2 if words[0] == "lab" else 1
        command = [sys.executable, "-m", "provisioner", *words[:verb], f"--plan={self.plan_file}", *words[verb:]]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def must(self, *words: str) -> None:
        """Runs `provision WORDS`, which has to work."""
        done = self.provision(*words)
        expect(done.returncode == 0, f"provision {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    def ask(self, script: str) -> str:
        """What a shell script prints as root on the controller; it has to work."""
        done = self.try_(script)
        expect(done.returncode == 0, f"{script}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout.strip()

    def try_(self, script: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A shell script as root on the controller."""
        container = f"provision-lab-{CLUSTER}-{host_name(CONTROLLER)}"
        command = ["podman", "exec", "--interactive", container, "sh", "-c", script]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def write_site(folder: Path, nodes: int) -> Site:
    """The plan and its group_vars in the folder; the returned plan has the nodes too."""
    plan_file = folder / "plan.yml"
    plan_file.write_text(yaml.safe_dump(PLAN, sort_keys=False))
    (folder / "group_vars").mkdir(exist_ok=True)
    (folder / "group_vars" / "all.yml").write_text(yaml.safe_dump({"slurmctld_config": SETTINGS}))
    plan = load_plan(plan_file)
    return Site(plan.model_copy(update={"blades": {**plan.blades, **compute_blades(nodes)}}), plan_file)


@contextmanager
def running(folder: Path, nodes: int, release: str) -> Iterator[Site]:
    """The lab from nothing to nothing, also when the last one was killed."""
    os.environ["XDG_STATE_HOME"] = str(STATE_HOME)
    site = write_site(folder, nodes)
    site.must("lab", "down")
    try:
        site.must("lab", "up", f"--nodes={CONTROLLER}", f"--os={release}")
        yield site
    finally:
        site.must("lab", "down")
