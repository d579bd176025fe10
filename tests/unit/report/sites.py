"""Sites for pages: ASGARD as it might stand one day, and 256 blades in sixteen enclosures."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from provisioner.names import host_name
from provisioner.plan.derive import compute_blades
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.report.facts import Facts
from provisioner.run.history import PastRun, past_run
from provisioner.slurm.standing import Standing
from provisioner.slurm.status import ClusterStatus, NodeStatus

NOW = datetime(2026, 11, 26, 21, 40, tzinfo=UTC)
ASGARD = Path(__file__).parents[3] / "inventories" / "asgard" / "plan.yml"
STATES = ("idle", "mixed", "allocated", "idle", "mixed", "idle")


def large(folder: Path, count: int = 16) -> Plan:
    """A site of that many full enclosures."""
    boxes = "".join(
        f"  enc-{box:02}: {{name: row {box}, model: HP BladeSystem C7000, bays: 16}}\n" for box in range(count)
    )
    text = "".join(
        f"  node{number:03}: {{enclosure: enc-{number // 16:02}, bay: {number % 16 + 1}, "
        f"address: 10.20.{number // 200}.{number % 200 + 1}, tier: thin, ram: 64, disks: [2 x 300 GB SAS]}}\n"
        for number in range(count * 16)
    )
    head = textwrap.dedent("""\
        cluster: {name: large, network: 10.20.0.0/16, controller: node000}
        tiers:
          thin: {slurm: [controller, compute]}
        """)
    file = folder / "plan.yml"
    file.write_text(f"{head}enclosures:\n{boxes}blades:\n{text}")
    return load_plan(file)


def asgard() -> Plan:
    """The plan of ASGARD."""
    return load_plan(ASGARD)


def node(state: str, reason: str = "", jobs: tuple[int, ...] = (), used: int = 0, cpus: int = 32) -> NodeStatus:
    return NodeStatus(state, reason, cpus, used, 64000, "24.11.5", jobs)


def record(blade: str, **more: Any) -> dict[str, Any]:
    """A record of the registry."""
    hardware = {
        "cpus": 32, "boards": 1, "sockets_per_board": 2, "cores_per_socket": 8, "threads_per_core": 2,
        "memory_mib": 64000, "scratch_mib": 285962,
    }  # fmt: skip
    return {
        "blade": blade, "address": "10.60.0.101", "tier": "thin",
        "cpu_model": "Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz",
        "hardware": hardware, "seen": {"run": "1", "at": "2026-11-25T03:15:00+00:00"}, **more,
    }  # fmt: skip


def nodes(plan: Plan) -> dict[str, NodeStatus]:
    """Most blades at work or free, and one of each kind of trouble."""
    names = [host_name(name) for name in compute_blades(plan)]
    found = {}
    for number, name in enumerate(names):
        state = STATES[number % len(STATES)]
        jobs = () if state == "idle" else tuple(range(4100 + number, 4100 + number + 1 + number % 3))
        found[name] = node(state, "", jobs, {"idle": 0, "mixed": 12, "allocated": 32}[state])
    if len(names) < 12:
        return found
    found[names[1]] = node("mixed+drain", "provision: drain: new memory (eve@desk)", (4099,), 8)
    found[names[4]] = node("down+not_responding", "Not responding")
    found[names[8]] = node("idle+drain", "fans, says the admin")
    found[names[-2]] = node("idle+powered_down")
    del found[names[-1]]
    return found


def standing(plan: Plan, found: Mapping[str, NodeStatus] | None = None, up: bool = True) -> Standing:
    known = dict(found if found is not None else nodes(plan))
    behind = "slurmd 22.05.8-4: older than 22.05.8-4+deb12u3, which fixes CVE-2025-43904"
    outdated = {next(iter(known)): [behind]} if known else {}
    records = {name: record(name) for name in known}
    return Standing(ClusterStatus(up, known, 7), {"outdated": outdated, "release": ""}, records)


def runs(plan: Plan, count: int = 120, now: datetime = NOW) -> list[PastRun]:
    """Every six hours a run, of which some changed something and some failed."""
    names = list(plan.blades)
    found = []
    for number in range(count):
        began = now - timedelta(hours=6 * number + 1)
        blades: dict[str, Any] = {name: {"changed": [], "notes": [], "skipped": "", "failure": None} for name in names}
        code = 0
        if number % 9 == 3:
            for name in names[number % 5 : number % 5 + 3]:
                blades[name]["changed"] = [
                    "package slurmd: 24.11.5-4 -> 24.11.5-4+deb13u1",
                    "unit slurmd.service: restarted",
                ]
        if number % 23 == 5:
            code = 3
            blades[names[-1]]["failure"] = {"message": f"{names[-1]} does not answer", "next_step": "look at its power"}
        data = {"by": "root@gate", "playbook": "slurm.yml", "check": False, "exit_code": code, "meaning": "degraded",
                "seconds": 35 + number % 40, "blades": blades}  # fmt: skip
        made = past_run(f"{began:%Y%m%dT%H%M%SZ}-{number}", data)
        assert made is not None
        found.append(made)
    return found


def facts(plan: Plan, **more: Any) -> Facts:
    made: dict[str, Any] = {
        "plan": plan, "now": NOW, "standing": standing(plan), "away": "", "runs": runs(plan),
    }  # fmt: skip
    return Facts(**{**made, **more})
