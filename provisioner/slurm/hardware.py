"""What a node is made of, in Slurm's own terms. `slurmd -C` on the node is the source."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

# slurmd measures RealMemory anew at every start and it moves by some MiB between kernels and
# firmware settings; a difference below this share of the old value is noise, not a lost DIMM.
MEMORY_NOISE = 0.02
# What a node may say of itself: the biggest machines that Slurm runs on are far below.
RANGES = {
    "cpus": (1, 4096),
    "boards": (1, 64),
    "sockets_per_board": (1, 128),
    "cores_per_socket": (1, 1024),
    "threads_per_core": (1, 32),
    "memory_mib": (512, 64 * 2**20),
    "scratch_mib": (0, 2**40),
}
# DefMemPerCPU of a partition is what its leanest node has, so a node with less would starve jobs on all of them.
_LEAST, _LEAST_PER_CPU = 512, 16
_LONGEST = 8000
_MODEL = 200


@dataclass(frozen=True)
class Hardware:
    """CPU topology, memory (MiB) and scratch space (MiB) of a node, as discovered."""

    cpus: int
    boards: int
    sockets_per_board: int
    cores_per_socket: int
    threads_per_core: int
    memory_mib: int
    scratch_mib: int = 0

    def as_dict(self) -> dict[str, int]:
        """The record as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Hardware:
        """The record from plain data; unknown keys of a newer release are left out."""
        known = {key: int(data[key]) for key in cls.__dataclass_fields__ if key in data}
        return cls(**known)


def parse_slurmd_c(text: str, scratch_mib: int = 0) -> Hardware:
    """Reads the output of `slurmd -C`.

    Args:
        text: the whole output; the node line may stand anywhere in it, memory is in MiB.
        scratch_mib: size of the node's scratch in MiB; slurmd cannot know it before TmpFS is set.

    Raises:
        ValueError: there is no complete node line in the text.
    """
    text = text[:_LONGEST]
    line = next((row for row in text.splitlines() if row.startswith("NodeName=")), "")
    found = dict(re.findall(r"\b([A-Za-z]{1,20})=(\S{1,40})", line))
    try:
        return Hardware(
            cpus=int(found["CPUs"]),
            boards=int(found.get("Boards", 1)),
            sockets_per_board=int(found.get("SocketsPerBoard") or found["Sockets"]),
            cores_per_socket=int(found["CoresPerSocket"]),
            threads_per_core=int(found["ThreadsPerCore"]),
            memory_mib=int(found["RealMemory"]),
            scratch_mib=scratch_mib,
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"slurmd -C printed no complete node line: {ascii(text.strip())[:200]}") from error


def implausible(hardware: Hardware) -> str:
    """What no machine has, `CPUs 70000 is not between 1 and 4096`; '' for one that may be."""
    for name, (low, high) in RANGES.items():
        value = getattr(hardware, name)
        if not low <= value <= high:
            return f"{name.replace('_', ' ')} {value} is not between {low} and {high}"
    threads = hardware.boards * hardware.sockets_per_board * hardware.cores_per_socket * hardware.threads_per_core
    if hardware.cpus > threads:
        return f"{hardware.cpus} CPUs are more than its {threads} hardware threads"
    if hardware.memory_mib < _LEAST + _LEAST_PER_CPU * hardware.cpus:
        needed = f"{_LEAST} MiB and {_LEAST_PER_CPU} for each of its {hardware.cpus} CPUs"
        return f"its memory, {hardware.memory_mib} MiB, is less than {needed}"
    return ""


def losses(old: Hardware, new: Hardware) -> list[str]:
    """What the node lost since its record was made, as `memory 32071 -> 24008 MiB`; [] for nothing.

    Memory and scratch count as lost beyond MEMORY_NOISE of the old value.
    """
    lost = [
        f"{name.replace('_', ' ')} {getattr(old, name)} -> {getattr(new, name)}"
        for name in ("boards", "sockets_per_board", "cores_per_socket", "threads_per_core", "cpus")
        if getattr(new, name) < getattr(old, name)
    ]
    for name, word in (("memory_mib", "memory"), ("scratch_mib", "scratch")):
        before, now = getattr(old, name), getattr(new, name)
        # No scratch at all is what the plan says now: a disk that is missing has stopped the blade before.
        if now < before * (1 - MEMORY_NOISE) and (now or name != "scratch_mib"):
            lost.append(f"{word} {before} -> {now} MiB")
    return lost


def is_noise(old: Hardware, new: Hardware) -> bool:
    """Whether both describe the same machine but for a little memory more or less."""

    def topology(hardware: Hardware) -> dict[str, int]:
        sizes = {"memory_mib", "scratch_mib"}
        return {key: value for key, value in hardware.as_dict().items() if key not in sizes}

    def near(before: int, now: int) -> bool:
        return abs(before - now) <= before * MEMORY_NOISE

    return (
        topology(old) == topology(new)
        and near(old.memory_mib, new.memory_mib)
        and near(old.scratch_mib, new.scratch_mib)
    )


def disagreement(hardware: Hardware, facts: dict[str, Any]) -> list[str]:
    """Where the kernel's own count differs from slurmd's; slurmd is believed, a person should know.

    Args:
        facts: `{"cpus": int, "memory_mib": int}` as /proc says; a missing or zero value is unknown.
    """
    found = []
    if (seen := facts.get("cpus")) and seen != hardware.cpus:
        found.append(f"slurmd counts {hardware.cpus} CPUs, /proc/cpuinfo {seen}")
    seen = facts.get("memory_mib")
    if seen and abs(seen - hardware.memory_mib) > hardware.memory_mib * MEMORY_NOISE:
        found.append(f"slurmd measures {hardware.memory_mib} MiB, /proc/meminfo {seen} MiB")
    return found


def cpu_feature(model: str) -> str:
    """The CPU model as a Slurm feature: `Intel(R) Xeon(R) CPU E5-2690 0 @ 2.90GHz` -> `e5-2690`.

    Xeon E5 of the first generation carry a bare ` 0` behind the model, later ones ` v2` to ` v4`.
    """
    # One blank between words, and no more of them than a product has: some patterns below look ahead over blanks.
    text = re.sub(r"\((R|TM|r|tm)\)|@.*$", " ", " ".join(model[:_MODEL].split()))
    text = re.sub(r"\b(Intel|AMD|Xeon|CPU|Processor|\d+-Core)\b", " ", text)
    text = re.sub(r"\s0\s*$", "", text)
    text = re.sub(r"\s+(v\d)\b", r"\1", text)
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
