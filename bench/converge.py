"""How long a no-change run takes, against two floors measured in the same minutes on the same blades.

    python bench/converge.py --nodes BLD-[008-012] --rounds 5

Floors: one plain `ssh NODE true` per blade in parallel, and one `ssh NODE apt-get install` of the same
packages. Rounds alternate between all three, so that a busy machine hurts them alike; medians and ratios
are printed, never asserted. The blades must be converged already.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from provisioner.lab.settings import ssh_identity
from provisioner.paths import find_plan, state_dir
from provisioner.plan.derive import slurm_role
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.select import select_nodes
from provisioner.slurm.packages import packages


def ssh_command(plan: Plan, blade: str, remote: str) -> list[str]:
    """A plain ssh call to the blade, with the key and host keys that `provision` uses."""
    key, known_hosts = ssh_identity(state_dir(plan.cluster.name))
    options = ["-o", f"UserKnownHostsFile={known_hosts}", "-o", "BatchMode=yes"]
    identity = ["-i", str(key)] if key else []
    target = f"{plan.ssh.user}@{plan.blades[blade].address}"
    return ["ssh", *options, *identity, "-p", str(plan.ssh.port), target, remote]


def everywhere(plan: Plan, blades: Sequence[str], remote: Callable[[str], str]) -> float:
    """Seconds until the command has ended on all blades, in parallel."""
    start = time.monotonic()
    with ThreadPoolExecutor(max_workers=16) as pool:
        commands = [ssh_command(plan, blade, remote(blade)) for blade in blades]
        for done in pool.map(lambda command: subprocess.run(command, capture_output=True, text=True), commands):
            if done.returncode != 0:
                sys.exit(f"{' '.join(done.args)}: {done.stderr.strip()}")
    return time.monotonic() - start


def install(plan: Plan, blade: str) -> str:
    """The apt-get line that installs what the blade has already."""
    role = slurm_role(plan, blade)
    names = packages("12", role.value if role else "compute")
    wanted = [name for name in names if not name.startswith("libpmix")]
    return f"sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -q {' '.join(wanted)}"


def no_change_run(blades: Sequence[str], plan_file: Path) -> float:
    """Seconds of `provision slurm` over the blades; stops the benchmark when it changed something."""
    command = [sys.executable, "-m", "provisioner", "slurm", "--plan", str(plan_file), "--json"]
    start = time.monotonic()
    done = subprocess.run([*command, "--nodes", ",".join(blades)], capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode != 0 or json.loads(done.stdout)["changed"]:
        sys.exit(f"not a no-change run (exit {done.returncode}): {done.stdout[-2000:]}{done.stderr[-500:]}")
    return seconds


def main() -> None:
    """Measures and prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--nodes")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    plan_file = find_plan(wanted.plan)
    plan = load_plan(plan_file)
    nodes = [name for name in select_nodes(plan, wanted.nodes) if name != plan.cluster.controller]
    blades = [plan.cluster.controller, *nodes]
    times: dict[str, list[float]] = {"ssh true": [], "ssh apt-get install": [], "provision slurm": []}
    for _ in range(wanted.rounds):
        times["ssh true"].append(everywhere(plan, blades, lambda blade: "true"))
        times["ssh apt-get install"].append(everywhere(plan, blades, lambda blade: install(plan, blade)))
        times["provision slurm"].append(no_change_run(nodes, plan_file))
    floor = statistics.median(times["ssh apt-get install"])
    print(f"1+{len(nodes)} blades, {wanted.rounds} rounds, median (spread), ratio to the apt floor")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
        print(f"{name:22} {median:6.2f} s  ({spread} s)  {median / floor:5.2f}")


if __name__ == "__main__":
    main()
