"""What the facts of a blade say about its units and accounts, in the words that the roles ask. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.answer import fits
from provisioner.slurm.hardware import MEMORY_NOISE, parse_slurmd_c

Blade = Mapping[str, Any]
# What is kept of one fact of a blade: nobody asks for the texts of its files after the run.
_LARGEST_KEPT = 2**10


def without_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a task set, and of those of a blade only what is short."""
    if "blade" not in facts:
        return dict(facts)
    blade = facts["blade"] if isinstance(facts["blade"], Mapping) else {}
    return {**facts, "blade": {name: fact for name, fact in blade.items() if fits(fact, _LARGEST_KEPT)}}


def turned_away(facts: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the controller says when another run works on the cluster, and the next step. Nothing was touched then."""
    lock = (facts.get("blade") or {}).get("lock") or {}
    return (lock["busy"], lock["next"]) if "busy" in lock else None


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
