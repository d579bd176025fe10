"""One node's record for the registry, from what `blade_facts` and the scratch role found on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from provisioner.slurm.hardware import Hardware, disagreement, implausible, parse_slurmd_c
from provisioner.slurm.job_tmp import job_place
from provisioner.slurm.node_gpus import gpu_groups
from provisioner.slurm.record_shape import record_trouble
from provisioner.slurm.security import watched_versions


def node_records(
    hosts: Iterable[Mapping[str, Any]], seen: Mapping[str, str], expected: bool = False
) -> dict[str, dict[str, Any]]:
    """The records of all nodes that came through a run so far, by node name.

    Args:
        hosts: the variables of each, with its facts.
        seen: `{"run": id, "at": ISO time}`.
        expected: nodes without slurmd get a record of what the kernel counts, for the preview of a change.

    Nodes without slurmd have none otherwise. Neither has one whose facts became unusable
    since it was looked at; its part of the play fails by itself, and the others have theirs.
    """
    found = {}
    for host in hosts:
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            blade = host["ansible_facts"]["blade"]
            name = str(host["inventory_hostname"])
            if expected and not blade["slurmd_c"]:
                blade = {**blade, "slurmd_c": _counted(blade)}
            made = node_record(blade, _place(host), seen) if blade["slurmd_c"] else None
            if made and not host["ansible_facts"]["blade"]["slurmd_c"]:
                made["expected"] = True
            if made and not implausible(Hardware.from_dict(made["hardware"])) and not record_trouble(name, made):
                found[name] = made
    return found


def _counted(blade: Mapping[str, Any]) -> str:
    """What slurmd might print, by the kernel's count; sockets and cores are not known before it is there."""
    cpus = blade["cpu"]["cpus"]
    parts = f"CPUs={cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket={cpus} ThreadsPerCore=1"
    return f"NodeName=expected {parts} RealMemory={blade['memory_mib']}"


def _place(host: Mapping[str, Any]) -> dict[str, Any]:
    """Where the node stands, and its scratch: as the role left it, or as it was found right."""
    facts = host["ansible_facts"]
    scratch = facts.get("scratch") or facts["blade"]["scratch"]
    return {
        "blade": host["blade_id"],
        # ssh may reach it somewhere else.
        "address": host.get("base_address", host["ansible_host"]),
        "bay": host.get("blade_bay"),
        "tier": host["blade_tier"],
        # In check mode scratch is not there yet; then its disk says how much it will be.
        "scratch_mib": scratch["size_mib"] or scratch.get("expected_mib", 0),
        "job_tmp": job_place(host["jobtmp_place"], facts) if "jobtmp_place" in host else None,
        "gpus": host.get("node_gpus"),
        "gpu_type": host.get("node_gpu_type", ""),
    }


def node_record(blade: Mapping[str, Any], place: Mapping[str, Any], seen: Mapping[str, str]) -> dict[str, Any]:
    """The record of a node that this run touched.

    Args:
        blade: the facts of `blade_facts`, with `slurmd_c` as printed by slurmd.
        place: `{"blade", "address", "bay", "tier", "scratch_mib", "job_tmp", "gpus", "gpu_type"}` as the plan and the
            run say; `bay`, `job_tmp` and `gpus` (how many the plan gives it) may be None.
        seen: `{"run": id, "at": ISO time}`.

    Raises:
        ValueError: slurmd printed nothing usable.
    """
    hardware = parse_slurmd_c(str(blade.get("slurmd_c", "")), int(place["scratch_mib"]))
    versions = watched_versions(blade.get("packages", {}))
    planned = place.get("gpus")
    gpus = [] if planned == 0 else gpu_groups(blade.get("gpus", ()), str(place.get("gpu_type", "")))
    return {
        **({"packages": versions} if versions else {}),
        "blade": place["blade"],
        "address": place["address"],
        **({} if place.get("bay") is None else {"bay": int(place["bay"])}),
        "tier": place["tier"],
        **({"job_tmp": place["job_tmp"]} if place.get("job_tmp") else {}),
        **({"gpus": gpus} if gpus else {}),
        **({} if planned is None else {"gpus_planned": int(planned)}),
        "cpu_model": blade["cpu"]["model"],
        "machine_id": blade["machine_id"],
        **_parts(blade.get("parts") or {}),
        "hardware": hardware.as_dict(),
        "seen": dict(seen),
    }


def _parts(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that the registry remembers; a warning only as long as there is one."""
    if not parts:
        return {}
    kept = {key: parts[key] for key in ("serial", "links", "disks")}
    return {"parts": kept, **({"warnings": list(parts["warnings"])} if parts["warnings"] else {})}


def record_doubts(blade: Mapping[str, Any]) -> list[str]:
    """Where slurmd and the kernel disagree about the node, [] without slurmd; worth a line in the summary."""
    if not blade["slurmd_c"]:
        return []
    counted = {"cpus": blade["cpu"]["cpus"], "memory_mib": blade["memory_mib"]}
    return disagreement(parse_slurmd_c(str(blade["slurmd_c"])), counted)
