"""What one round took, and the figures of several rounds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.figures import figures


@dataclass(frozen=True)
class Sample:
    """One way over all blades, once.

    `seconds` until the last blade was done, `cpu_seconds` of this machine without the blades, `blade_cpu_seconds`
    of all blades together; the counts are per blade id and empty where nothing was counted.
    """

    seconds: float
    cpu_seconds: float
    blade_cpu_seconds: float
    modules: Mapping[str, int] = field(default_factory=dict)
    connections: Mapping[str, int] = field(default_factory=dict)
    phases: Mapping[str, float] = field(default_factory=dict)


def module_counts(answer: Mapping[str, Any]) -> dict[str, int]:
    """Module executions by blade id, from the answer of `provision slurm --json`; {} when it counts none."""
    return {name: blade["modules"] for name, blade in answer["blades"].items() if blade.get("modules") is not None}


def differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """How much each count grew."""
    return {name: after[name] - before[name] for name in after}


def summary(samples: Sequence[Sample], controller: str) -> dict[str, Any]:
    """The figures of several rounds as results.json keeps them.

    Counts are those of the compute blade with the most, and of the controller beside it, which does more.
    """
    found: dict[str, Any] = {
        "seconds": figures(sample.seconds for sample in samples),
        "cpu_seconds": figures(sample.cpu_seconds for sample in samples),
        "blade_cpu_seconds": figures(sample.blade_cpu_seconds for sample in samples),
    }
    for name in ("modules", "connections"):
        counts: list[Mapping[str, int]] = [getattr(sample, name) for sample in samples]
        if all(controller in each and len(each) > 1 for each in counts):
            most = [max(count for blade, count in each.items() if blade != controller) for each in counts]
            found[f"{name}_per_blade"] = figures(most)
            found[f"{name}_controller"] = figures(each[controller] for each in counts)
    shared = [phase for phase in samples[0].phases if all(phase in sample.phases for sample in samples)]
    if shared:
        found["phases"] = {phase: figures(sample.phases[phase] for sample in samples) for phase in shared}
    return found
