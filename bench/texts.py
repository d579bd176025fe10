"""Makes one of the texts for a number of nodes and says what that took.

    python -m bench.texts WHAT NODES ROUNDS

The plan is made as an object: a plan file describes one enclosure and ends at its last bay, and a cluster of 10,000
nodes has many. All that comes after reading the file is the program's own.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import jinja2

from provisioner.inventory import inventory
from provisioner.names import host_name
from provisioner.plan.derive import members, scratch_disks
from provisioner.plan.model import Plan
from provisioner.slurm.change import config_change
from provisioner.slurm.config import slurm_config
from provisioner.slurm.record import node_record
from provisioner.slurm.registry import merge_records, read_registry, write_registry

Records = dict[str, dict[str, Any]]

_TEMPLATES = Path(__file__).parents[1] / "roles" / "slurmctld" / "templates"
_FIRST_ADDRESS = IPv4Address("10.64.0.1")
_CPU = "Intel(R) Xeon(R) CPU E5-2690 0 @ 2.90GHz"
_SLURMD_C = (
    "NodeName={name} CPUs=32 Boards=1 SocketsPerBoard=2 CoresPerSocket=8 ThreadsPerCore=2 RealMemory={memory}\n"
    "UpTime=0-00:01:00\n"
)
# The second half is what a DIMM more makes of the first: every node of the cluster has changed.
_MEMORY_MIB, _MORE_MEMORY_MIB = 32071, 48143


def plan_of(nodes: int) -> Plan:
    """One controller and compute blades, every fourth of them with two scratch disks."""
    width = max(3, len(str(nodes)))
    names = [f"BLD-{number:0{width}}" for number in range(1, nodes + 1)]
    blades = {
        name: {
            "bay": bay,
            "address": str(_FIRST_ADDRESS + bay),
            "tier": "fat" if bay == 1 else "thin" if bay % 4 else "medium",
            "ram": 32,
            "disks": [] if bay % 4 else ["2 x 300 GB SAS"],
        }
        for bay, name in enumerate(names, start=1)
    }
    tiers = {
        "fat": {"slurm": ["controller"]},
        "medium": {"slurm": ["compute"], "scratch": {"size_gb": 300}},
        "thin": {"slurm": ["compute"]},
    }
    cluster = {"name": "bench", "network": "10.64.0.0/16", "controller": names[0]}
    return Plan.model_validate({"cluster": cluster, "tiers": tiers, "blades": blades})


def records_of(plan: Plan, memory: int = _MEMORY_MIB, run: str = "1") -> Records:
    """What a run finds on every compute blade; memory in MiB."""
    seen = {"run": run, "at": "2026-01-01T00:00:00+00:00"}
    found = {}
    for name in members(plan)[1:]:
        blade = plan.blades[name]
        facts = {
            "slurmd_c": _SLURMD_C.format(name=host_name(name), memory=memory),
            "cpu": {"model": _CPU},
            "machine_id": f"{blade.bay:032x}",
        }
        scratch = 286_000 * len(scratch_disks(plan, blade))
        place = {"blade": name, "address": str(blade.address), "bay": blade.bay, "tier": blade.tier}
        found[host_name(name)] = node_record(facts, {**place, "scratch_mib": scratch}, seen)
    return found


def slurm_conf(listed: dict[str, Any], records: Records) -> str:
    """slurm.conf with the role's template, cut and filled as Ansible does it."""
    shared = listed["all"]["vars"]
    cluster = {**shared["slurmctld_cluster"], "tmp_fs": "/scratch"}
    model = slurm_config(cluster, records, shared["slurmctld_partitions"], {})
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("slurm.conf.j2").render(__slurmctld_model=model)


def _inventory(plan: Plan) -> Callable[[], Any]:
    return lambda: json.dumps(inventory(plan), indent=2)


def _slurm_conf(plan: Plan) -> Callable[[], Any]:
    listed, records = inventory(plan), records_of(plan)
    return lambda: slurm_conf(listed, records)


def _registry(plan: Plan) -> Callable[[], Any]:
    """All nodes are known, all were seen again, and every one has changed."""
    known, found = write_registry(records_of(plan), "bench"), records_of(plan, _MORE_MEMORY_MIB, run="2")
    return lambda: write_registry(merge_records(read_registry(known, "bench"), found).nodes, "bench")


def _change(plan: Plan) -> Callable[[], Any]:
    listed = inventory(plan)
    old = slurm_conf(listed, records_of(plan))
    new = slurm_conf(listed, records_of(plan, _MORE_MEMORY_MIB))
    return lambda: config_change([old, old], new, "24.11.5")


# name -> what makes the input, not measured, and gives back what is measured
TEXTS: dict[str, Callable[[Plan], Callable[[], Any]]] = {
    "inventory": _inventory,
    "slurm.conf": _slurm_conf,
    "registry merge": _registry,
    "slurm.conf, old against new": _change,
}


def peak_mib() -> float:
    """Peak memory of this process in MiB. Not ru_maxrss: that one keeps the parent's across exec."""
    found = re.search(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("this kernel does not tell the peak memory of a process")
    return int(found[1]) / 1024


def main(what: str, nodes: str, rounds: str) -> None:
    """Prints `{"seconds": [...], "peak_mib": ...}`."""
    make = TEXTS[what](plan_of(int(nodes)))
    taken = []
    for _ in range(int(rounds)):
        start = time.perf_counter()
        make()
        taken.append(time.perf_counter() - start)
    print(json.dumps({"seconds": taken, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
