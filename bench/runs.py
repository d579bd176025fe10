"""First runs and runs without changes, each beside its floors, round by round, over growing numbers of blades."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.lab import BenchLab
from bench.samples import Sample, summary
from bench.say import say
from bench.ways import by_provision, over_ssh

Ways = Mapping[str, Callable[[], Sample]]


def measure_first(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """A first run and an installation alone, every time on blades that were imaged anew.

    `provision slurm` is the last way, so that the blades are members when this is over.
    """
    blades = lab.members(compute)

    def install() -> Sample:
        lab.reimage(blades)
        return over_ssh(lab, lab.installs(blades, fresh=True))

    def run() -> Sample:
        lab.reimage(blades)
        return by_provision(lab, compute, changes=True)

    return rounds_of(lab, "first run", compute, {"apt": install, "provision": run}, rounds)


def measure_no_change(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """A run that changes nothing, installing what is there, and a login alone."""
    blades = lab.members(compute)
    ways: Ways = {
        "ssh": lambda: over_ssh(lab, dict.fromkeys(blades, "true")),
        "apt": lambda: over_ssh(lab, lab.installs(blades, fresh=False)),
        "provision": lambda: by_provision(lab, compute, changes=False),
    }
    by_provision(lab, compute, changes=True)  # makes them members where no first run did
    return rounds_of(lab, "no change", compute, ways, rounds)


def rounds_of(lab: BenchLab, what: str, compute: int, ways: Ways, rounds: int) -> dict[str, Any]:
    """Way -> its figures. Rounds take turns, so that a busy machine hurts all ways alike."""
    taken: dict[str, list[Sample]] = {name: [] for name in ways}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            taken[name].append(way())
            say(f"{what} 1+{compute}, round {number} of {rounds}, {name}: {taken[name][-1].seconds:.2f} s")
    return {name: summary(samples, lab.controller) for name, samples in taken.items()}
