"""The ways to bring blades into a state, one round of each: plain ssh, plain apt-get, `provision slurm`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.lab import ENVIRONMENT, BenchLab, on_each
from bench.meter import Measured, measure
from bench.samples import Sample, differences, module_counts
from bench.states import ROOT

# cgroup v1 and v2: file below a blade's control group, and how many of its units make a second
_CPU_FILES = ((Path("/sys/fs/cgroup/cpuacct"), "cpuacct.usage", 1e9), (Path("/sys/fs/cgroup"), "cpu.stat", 1e6))
# What sshd says of every connection that got in; Debian 13 has a program of its own for sessions.
_LOGINS = (
    "journalctl --sync; journalctl --output=cat _COMM=sshd _COMM=sshd-session | grep -c '^Accepted publickey' || true"
)


def over_ssh(lab: BenchLab, remote: Mapping[str, str]) -> Sample:
    """One shell line per blade over plain ssh, all blades at once."""
    before = blade_cpu_seconds(lab, list(remote))
    done = measure([lab.ssh(blade, line) for blade, line in remote.items()])
    for blade, code, out, err in zip(remote, done.codes, done.out, done.err, strict=True):
        if code != 0:
            sys.exit(f"{blade}: {remote[blade]} ended with {code}: {out[-1000:]}{err[-1000:]}")
    return Sample(done.seconds, done.cpu_seconds, blade_cpu_seconds(lab, list(remote)) - before)


def by_provision(lab: BenchLab, compute: int, changes: bool, project: Path = ROOT) -> Sample:
    """`provision slurm` over the controller and so many compute blades, by the project in a folder.

    Ends the program when the run fails, or changes something although nothing was to be changed.
    """
    blades = lab.members(compute)
    logins, cpu = count_logins(lab, blades), blade_cpu_seconds(lab, blades)
    done = measure([lab.slurm(compute)], {**ENVIRONMENT, "PYTHONPATH": str(project)})
    cpu = blade_cpu_seconds(lab, blades) - cpu
    answer = _answer(done)
    if answer["changed"] and not changes:
        sys.exit(f"not a run without changes: {done.out[0][-3000:]}")
    return Sample(
        done.seconds,
        done.cpu_seconds,
        cpu,
        module_counts(answer),
        differences(logins, count_logins(lab, blades)),
        answer["phases"],
    )


def _answer(done: Measured) -> dict[str, Any]:
    if done.codes != [0]:
        sys.exit(f"provision slurm ended with {done.codes[0]}: {done.out[0][-3000:]}{done.err[0][-1000:]}")
    answer: dict[str, Any] = json.loads(done.out[0])
    return answer


def count_logins(lab: BenchLab, blades: Sequence[str]) -> dict[str, int]:
    """Blade -> SSH connections that were let in since it booted."""
    return {blade: int(count) for blade, count in on_each(lab, blades, _LOGINS).items()}


def blade_cpu_seconds(lab: BenchLab, blades: Sequence[str]) -> float:
    """CPU seconds that these blades have used since they booted, as their control groups say."""
    return sum(map(_cpu_seconds, lab.control_groups(blades)))


def _cpu_seconds(group: str) -> float:
    for folder, name, units in _CPU_FILES:
        file = folder / group.lstrip("/") / name
        if file.exists():
            # `usage_usec 123` and more lines, or the number alone
            return int(file.read_text().split("\n")[0].split()[-1]) / units
    sys.exit(f"this machine does not count the CPU seconds of the control group {group}")
