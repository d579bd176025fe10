"""Which GPUs a blade of the lab stands in for; pure."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.plan.derive import gpus_said
from provisioner.plan.model import Plan

# A major number for local use: no driver has it. Whoever may open a stand-in is told that nothing is behind it, and
# whoever may not, that he may not.
MAJOR = 60
# What AMD's programs open besides, see image/gpus.
_SHARED = 255
_USUAL = "t4"
_AMD = "mi"


@dataclass(frozen=True)
class LabGpu:
    """One stand-in: `nvidia` or `amd`, its minor number, its place on the bus, and the model that its driver tells."""

    vendor: str
    minor: int
    slot: str
    model: str

    @property
    def line(self) -> str:
        """It in /etc/lab/gpus, which the blade reads when it boots."""
        return f"{self.vendor} {self.minor} {self.slot} {self.model}\n"


def minors(count: int) -> list[int]:
    """The minor numbers of all device files of a blade with so many stand-ins."""
    return [*range(count), _SHARED] if count else []


def lab_gpus(plan: Plan, blade: str) -> list[LabGpu]:
    """A stand-in for each GPU that the plan gives the blade; AMD's where the type begins as theirs do (`mi210`)."""
    said = gpus_said(plan, plan.blades[blade])
    if said is None:
        return []
    kind = said.type or _USUAL
    vendor = "amd" if kind.startswith(_AMD) else "nvidia"
    maker = {"amd": "AMD Instinct", "nvidia": "NVIDIA"}[vendor]
    model = f"{maker} {kind.upper().replace('_', ' ')}"
    return [LabGpu(vendor, minor, f"0000:{0x40 + minor:02x}:00.0", model) for minor in range(said.count)]
