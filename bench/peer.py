"""How long the role galaxyproject.slurm takes on the same lab, in the same minutes as we do.

    git clone URL_OF_THE_ROLE ~/galaxyproject.slurm
    python -m bench.peer --role ~/galaxyproject.slurm --rounds 5

It starts a lab of its own (bench/peer-plan.yml) with eight blades for us and eight for the peer: one controller
and seven compute nodes each. First runs come in turn on blades that were just imaged, then no-change runs in
turn, with both floors in every round. Both clusters have to work: seven idle nodes and a job over all of them.
The figures go into the section `peer` of bench/results.json and the table into docs/performance.md; nothing is
asserted on time.

The two do not do the same. The peer's role installs and configures munge and Slurm. A run of ours does that too,
writes /etc/hosts and the settings of clock and log rotation, compares hardware, and proves every node by a job.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import figures
from bench.lab import BenchLab, bench_lab
from bench.peer_role import TIER, Peer
from bench.report import publish, tables
from bench.results import signed, write_section
from bench.say import say
from bench.ways import by_provision, over_ssh
from provisioner.names import host_name

PLAN = Path(__file__).with_name("peer-plan.yml")
READY_SECONDS = 60
_POLL_SECONDS = 0.5
Times = dict[str, list[float]]


def ask(lab: BenchLab, blade: str, command: str) -> list[str]:
    """The sorted, unique lines that a command prints on a blade; none when it fails."""
    done = subprocess.run(lab.ssh(blade, command), capture_output=True, text=True, check=False)
    return sorted(set(done.stdout.splitlines())) if done.returncode == 0 else []


def require_cluster(lab: BenchLab, blades: Sequence[str]) -> None:
    """Ends the benchmark unless all nodes are idle and run a job together; the first blade is the controller."""
    controller, *compute = blades
    nodes = [host_name(name) for name in compute]
    idle = [f"{name} idle" for name in nodes]
    deadline = time.monotonic() + READY_SECONDS
    while (found := ask(lab, controller, "sinfo --noheader --Node --format='%N %T'")) != idle:
        if time.monotonic() > deadline:
            sys.exit(f"the cluster of {controller} is not ready: {'; '.join(found) or 'sinfo does not answer'}")
        time.sleep(_POLL_SECONDS)
    if (answered := ask(lab, controller, f"srun -N{len(nodes)} hostname")) != nodes:
        sys.exit(f"a job over the cluster of {controller} ran only on: {', '.join(answered) or 'no node'}")


def our_compute(lab: BenchLab) -> int:
    """How many compute blades are ours; they stand before the peer's in the plan."""
    return sum(blade.tier != TIER for blade in lab.plan.blades.values()) - 1


def first_runs(peer: Peer, rounds: int) -> Times:
    """Seconds of the runs that make a cluster of blades that were just imaged, ours and theirs in turn."""
    lab, compute = peer.lab, our_compute(peer.lab)
    times: Times = {"ours_first_seconds": [], "first_seconds": []}
    for number in range(1, rounds + 1):
        if number > 1:
            lab.reimage(list(lab.plan.blades))
        times["ours_first_seconds"].append(by_provision(lab, compute, changes=True).seconds)
        times["first_seconds"].append(peer.run()[0])
        require_cluster(lab, lab.members(compute))
        require_cluster(lab, peer.blades)
        _say_round("first run", number, rounds, times)
    return times


def no_change_runs(peer: Peer, rounds: int) -> tuple[Times, int]:
    """Seconds of runs that have nothing to do, with the floors, and the most tasks that one of the
    peer's changed all the same."""
    lab, compute = peer.lab, our_compute(peer.lab)
    ours = lab.members(compute)
    names = ("ssh_floor_seconds", "apt_floor_seconds", "ours_no_change_seconds", "no_change_seconds")
    times: Times = {name: [] for name in names}
    changes = []
    for number in range(1, rounds + 1):
        times["ssh_floor_seconds"].append(over_ssh(lab, dict.fromkeys(ours, "true")).seconds)
        times["apt_floor_seconds"].append(over_ssh(lab, lab.installs(ours, fresh=False)).seconds)
        times["ours_no_change_seconds"].append(by_provision(lab, compute, changes=False).seconds)
        seconds, changed = peer.run()
        times["no_change_seconds"].append(seconds)
        changes.append(changed)
        _say_round("no change", number, rounds, times)
    return times, max(changes)


def _say_round(what: str, number: int, rounds: int, times: Times) -> None:
    latest = ", ".join(f"{name.removesuffix('_seconds')} {values[-1]:.2f} s" for name, values in times.items())
    say(f"{what}, round {number} of {rounds}: {latest}")


def compare(lab: BenchLab, role: Path, rounds: int, first_rounds: int) -> dict[str, Any]:
    """The section `peer` of the results; the lab is up."""
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(role, lab, Path(folder))
        peer.lay_out()
        first = first_runs(peer, first_rounds)
        later, changed = no_change_runs(peer, rounds)
        found = {name: figures(values) for name, values in (first | later).items()}
        return {**found, "role_version": peer.version, "tasks_changed": changed}


def main() -> None:
    """Measures on a lab of its own, which is gone afterwards."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.peer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--role", type=Path, required=True, help="folder of the role, a git clone")
    parser.add_argument("--rounds", type=int, default=5, help="no-change runs of each (%(default)s)")
    parser.add_argument("--first-rounds", type=int, default=1, help="first runs of each (%(default)s)")
    parser.add_argument("--os", default="bookworm", choices=("bookworm", "trixie"), help="the blades' Debian")
    wanted = parser.parse_args()
    lab = BenchLab(PLAN)
    with bench_lab(lab, list(lab.plan.blades), wanted.os, keep=False):
        section = compare(lab, wanted.role.resolve(), wanted.rounds, wanted.first_rounds)
    section = signed({"release": wanted.os, **section})
    write_section("peer", section)
    print(tables({"peer": section}))
    publish()


if __name__ == "__main__":
    main()
