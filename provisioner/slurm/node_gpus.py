"""The GPUs of one node: what it was found to have, what it should have, and what a person is told of both. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.slurm.gpu_names import GPU_TYPE, gpu_type, slurm_name

Group = dict[str, Any]
"""GPUs of one type in a node: `{"type", "vendor", "files"}`, and `"alias": True` where Slurm calls it otherwise."""
MOST = 64
"""GPUs of a node."""

_VENDORS = {"10de": "nvidia", "1002": "amd"}
_DRIVERS = {"nvidia": "nvidia", "amd": "amdgpu"}
_MAKERS_OF_FILES = {
    "nvidia": "run `nvidia-smi` on it, and let nvidia-persistenced do so at each boot",
    "amd": "look for /dev/kfd and /dev/dri/renderD* on it (udev makes them)",
}
# Whoever gives a GPU to a virtual machine does not want it here.
_GIVEN_AWAY = "vfio-pci"


def gpu_groups(found: Iterable[Mapping[str, str]], planned_type: str = "") -> list[Group]:
    """The GPUs that a node can use, by type; those without a device file are left out.

    Args:
        found: as `blade_facts` tells them: `{"slot", "id", "model", "driver", "file"}` each.
        planned_type: the type that the plan gives them all; without it, each has the name of its model.
    """
    files: dict[tuple[str, str], set[str]] = {}
    aliases = set()
    for gpu in found:
        vendor = _VENDORS.get(gpu["id"][:4])
        if vendor and gpu["file"]:
            key = (planned_type or gpu_type(gpu["model"], vendor, gpu["id"][5:]), vendor)
            files.setdefault(key, set()).add(gpu["file"])
            if key[0] not in slurm_name(gpu["model"]):
                aliases.add(key)
    return [
        {"type": kind, "vendor": vendor, "files": sorted(its, key=_in_order)}
        | ({"alias": True} if (kind, vendor) in aliases else {})
        for (kind, vendor), its in sorted(files.items())
    ]


def _in_order(file: str) -> tuple[str, int]:
    """Device files by their number, as Slurm counts GPUs."""
    number = re.search(r"[0-9]+$", file)
    return (file.rstrip("0123456789"), int(number[0]) if number else 0)


def gpu_count(record: Mapping[str, Any]) -> int:
    """How many GPUs a record of the registry has."""
    return sum(len(group["files"]) for group in record.get("gpus", ()))


def has_gpus(record: Mapping[str, Any]) -> bool:
    """Whether a node is one with GPUs, also while they are gone."""
    return gpu_count(record) + int(record.get("gpus_missing", 0)) > 0


def gres(record: Mapping[str, Any]) -> str:
    """Gres of a node's line in slurm.conf, such as `gpu:a100:4`; '' for none."""
    counts: Counter[str] = Counter()
    for group in record.get("gpus", ()):
        counts[group["type"]] += len(group["files"])
    return ",".join(f"gpu:{kind}:{count}" for kind, count in counts.items())


def gpu_words(record: Mapping[str, Any]) -> str:
    """The GPUs of a record in a word, such as `2 x a100 (/dev/nvidia0,/dev/nvidia1)`."""
    return " and ".join(
        f"{len(group['files'])} x {group['type']} ({','.join(group['files'])})" for group in record.get("gpus", ())
    )


def settled(record: Mapping[str, Any], old: Mapping[str, Any], accepted: bool) -> dict[str, Any]:
    """A record as the registry keeps it: with the number of GPUs that the node should have and lacks, `gpus_missing`.

    What it should have is what the plan says (`gpus_planned`), else the most that it had until a person accepted less.
    The node works on with those that it has.

    Args:
        record: what was found now.
        old: its record of before, {} for none.
        accepted: whether a person accepted a loss of its hardware.
    """
    now, before = gpu_count(record), gpu_count(old) + int(old.get("gpus_missing", 0))
    wanted = record.get("gpus_planned", now if accepted else before)
    kept = {key: value for key, value in record.items() if key not in ("gpus_planned", "gpus_missing")}
    return {**kept, "gpus_missing": wanted - now} if wanted > now else kept


def loss(record: Mapping[str, Any], planned: bool) -> str:
    """What a person is told of a node that lacks GPUs, with the next step; '' for one that does not."""
    missing, now = int(record.get("gpus_missing", 0)), gpu_count(record)
    if not missing:
        return ""
    whole = f"{missing} of its {missing + now} GPUs" if missing + now > 1 else "its only GPU"
    what = f"{whole} {'is' if missing == 1 else 'are'}"
    name = their_words(record.get("blade", ""), 63)
    less = (
        "correct `gpus` in the plan"
        if planned
        else f"accept it with `provision slurm --nodes {name} --accept-hardware {name}`"
    )
    return (
        f"{what} missing, and it takes jobs without {'it' if missing == 1 else 'them'}; next: look at what the driver "
        f"says on it (`nvidia-smi`, `dmesg`), mend it and run again, or {less}"
    )


def gpu_doubts(blade: Mapping[str, Any], planned: int | None) -> list[str]:
    """What stands between a node's GPUs and Slurm, each with its next step.

    Args:
        blade: its facts.
        planned: how many GPUs the plan gives it, None where it says nothing; 0 wants none of them in Slurm.
    """
    # What is no number, the check of variables names.
    planned = planned if isinstance(planned, int) else None
    if planned == 0:
        return []
    found = [gpu for gpu in blade.get("gpus", ()) if gpu["id"][:4] in _VENDORS and gpu["driver"] != _GIVEN_AWAY]
    closed = [gpu for gpu in found if not gpu["file"]]
    usable = len({gpu["file"] for gpu in found} - {""})
    doubts = [_closed(gpu) for gpu in closed]
    if planned is not None and usable > planned:
        said = "1 GPU" if planned == 1 else f"{planned} GPUs"
        doubts.append(f"the plan says {said}, it has {usable}, and Slurm hands out all; next: correct the plan")
    return doubts


def _closed(gpu: Mapping[str, str]) -> str:
    vendor = _VENDORS[gpu["id"][:4]]
    which = f"its GPU at {gpu['slot']} ({their_words(gpu['model'], 60) or gpu['id']})"
    if gpu["driver"] != _DRIVERS[vendor]:
        has = f"has the driver {gpu['driver']}" if gpu["driver"] else "has no driver"
        return (
            f"{which} {has}, so Slurm does not hand it out; next: install the driver {_DRIVERS[vendor]} on it, reboot "
            "it and run again, or write `gpus: 0` into the plan"
        )
    return f"{which} has its driver and no device file; next: {_MAKERS_OF_FILES[vendor]}, then run again"


def plan_problems(count: Any, kind: Any) -> list[str]:
    """What the variables of a node say of its GPUs and must not: both may have come from a file beside the plan."""
    problems = []
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST):
        problems.append(f"its node_gpus is no number from 0 to {MOST}; next: write `gpus` into the plan instead")
    if kind != "" and (not isinstance(kind, str) or not re.fullmatch(GPU_TYPE, kind)):
        problems.append("its node_gpu_type is no type such as a100; next: write `gpus` into the plan instead")
    return problems
