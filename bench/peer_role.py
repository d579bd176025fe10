"""Runs galaxyproject.slurm on the blades of the tier `peer`, the way its README says."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.lab import BenchLab
from bench.meter import measure
from provisioner.inventory import cluster_variables
from provisioner.names import host_name
from provisioner.paths import assets
from provisioner.run.request import DEFAULT_FORKS, PlaybookRun, runner_call
from provisioner.ssh_identity import ssh_identity

PLAYBOOK = Path(__file__).with_name("peer.yml")
TIER = "peer"
# What our runs set for speed and for reaching the blades; the peer gets the same and nothing else of ours.
SHARED = (
    "PATH",
    "ANSIBLE_HOST_KEY_CHECKING",
    "ANSIBLE_PIPELINING",
    "ANSIBLE_SSH_ARGS",
    "ANSIBLE_SSH_RETRIES",
    "ANSIBLE_TIMEOUT",
    "ANSIBLE_NOCOLOR",
    "ANSIBLE_DEPRECATION_WARNINGS",
)


@dataclass(frozen=True)
class Peer:
    """The role, a clone of its repository, and the lab with its blades; the first of them is the controller.

    `folder` holds the inventory and the munge key, which stay the same for all runs.
    """

    role: Path
    lab: BenchLab
    folder: Path

    @property
    def blades(self) -> list[str]:
        """The peer's blades in the order of the plan."""
        return [name for name, blade in self.lab.plan.blades.items() if blade.tier == TIER]

    @property
    def version(self) -> str:
        """The role's tag, or the commit with the tag before it; `unknown` where the folder is no clone."""
        # the ceiling: a project around the folder has versions too, but not the role's
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(self.role.parent)}
        command = ["git", "-C", str(self.role), "describe", "--tags", "--always", "--dirty"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        return asked.stdout.strip() or "unknown"

    def lay_out(self) -> None:
        """Writes the inventory and the user's own munge key."""
        (self.folder / "hosts.json").write_text(json.dumps(self._inventory()))
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))

    def _inventory(self) -> dict[str, Any]:
        """Reaches the blades as our inventory does, and carries none of our other variables."""
        plan = self.lab.plan
        ours = cluster_variables(plan, *ssh_identity(self.lab.state))
        shared = {name: value for name, value in ours.items() if name.startswith("ansible_")}
        hosts = {
            host_name(name): {
                "ansible_host": str(plan.blades[name].address),
                "slurm_roles": ["controller" if name == self.blades[0] else "exec"],
            }
            for name in self.blades
        }
        return {"all": {"hosts": hosts, "vars": shared | {"slurm_munge_key": str(self.folder / "munge.key")}}}

    def run(self) -> tuple[float, int]:
        """Seconds of one run over all blades, and how many tasks changed something there; ends the
        benchmark when it fails."""
        command = [
            "ansible-playbook", str(PLAYBOOK),
            "--inventory", str(self.folder / "hosts.json"),
            "--forks", str(DEFAULT_FORKS),
            "--extra-vars", json.dumps({"peer_role": str(self.role)}),
        ]  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            done = measure([command], self._environment(Path(folder)))
        if done.codes != [0]:
            sys.exit(f"the peer's run ended with {done.codes[0]}: {done.out[0][-4000:]}{done.err[0][-1000:]}")
        return done.seconds, changed_tasks(done.out[0])

    def _environment(self, folder: Path) -> dict[str, str]:
        """Ansible's settings of one run. The folder is new for each: like ours, a run opens its own
        connections and finds none that are still open from the one before."""
        lab = self.lab
        ours = runner_call(PlaybookRun(lab.plan, lab.plan_file, [], "slurm.yml"), assets()).environment
        own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        (folder / "ansible.cfg").write_text("[defaults]\n")
        return {
            **own,
            **{name: ours[name] for name in SHARED},
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        }


def changed_tasks(output: str) -> int:
    """How many tasks of a playbook changed something, all hosts together, from the recap at its end.

    Raises:
        ValueError: there is no recap.
    """
    _, found, recap = output.rpartition("\nPLAY RECAP ")
    if not found:
        raise ValueError(f"a run without a recap: {output[-1000:]}")
    return sum(int(number) for number in re.findall(r"\bchanged=(\d+)", recap))
