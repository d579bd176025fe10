"""What the facts of a blade say about its units and accounts, in the words that the roles ask. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.slurm.hardware import MEMORY_NOISE, parse_slurmd_c

Blade = Mapping[str, Any]


def unit_stale(blade: Blade, unit: str, reads: Iterable[str] = ()) -> bool:
    """Whether a daemon runs for longer than what it reads at its start is there, so that it holds older content.

    A run that was killed between writing and restarting leaves it so.

    Args:
        unit: name without `.service`.
        reads: paths, or names of secrets, that `blade_facts` was asked about.
    """
    state = blade["units"][unit]
    return bool(state["reload_needed"]) or any(blade["written"][name] > state["since"] for name in reads)


def unit_right(blade: Blade, unit: str, reads: Iterable[str] = ()) -> bool:
    """Whether a daemon runs, comes back after a reboot, and is not `unit_stale`."""
    state = blade["units"][unit]
    return state["active"] == "active" and state["enabled"] == "enabled" and not unit_stale(blade, unit, reads)


def slurmd_outdated(facts: Mapping[str, Any]) -> list[str]:
    """What slurmd measured at its start and the blade has otherwise now, such as `scratch 258019 -> 285962 MiB`.

    It measures once. Where scratch came, or memory changed, while it ran, slurmctld drains the node for what it lacks,
    and goes on doing so until slurmd is restarted.

    Args:
        facts: the blade's `ansible_facts`: `blade`, and `scratch` where the role of this name worked in this run.
    """
    blade = facts["blade"]
    held = blade.get("slurmd_holds") or {}
    if not held:
        # It runs and says nothing, since munge was down: what it holds of a scratch that was just mended is unknown.
        return ["scratch was mended"] if "scratch" in facts else []
    # Only what a restart surely changes is compared, or it would come again in every run: sockets are counted as the
    # cluster's SlurmdParameters say, and so are efficiency cores.
    now = parse_slurmd_c(str(blade["slurmd_c"]))
    sizes = {"memory": now.memory_mib, "scratch": int(facts.get("scratch", blade["scratch"])["size_mib"])}
    found = [
        f"{name} {held[f'{name}_mib']} -> {size} MiB"
        for name, size in sizes.items()
        if size and abs(held[f"{name}_mib"] - size) > size * MEMORY_NOISE
    ]
    if held["cpus"] not in (now.cpus, blade["cpu"]["cpus"]):
        found.append(f"CPUs {held['cpus']} -> {now.cpus}")
    return found


def missing_accounts(blade: Blade, names: Iterable[str]) -> list[str]:
    """Those of the accounts that the blade does not have."""
    return [name for name in names if blade["users"].get(name) is None]
