"""What a run says of the cluster: why slurmctld was restarted, and what was proved of its nodes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.names import folded


def cluster_words(facts: Mapping[str, Any], blades: Mapping[str, str]) -> dict[str, str]:
    """What the facts that tasks set on the controller say, by its key in the record of the run.

    Args:
        facts: those facts.
        blades: how the plan calls each node.
    """
    return {
        "controller": _change(_named(facts.get("slurmctld_change"))),
        "verified": _proof(_named(facts.get("slurm_verify")), blades),
    }


def _named(fact: Any) -> Mapping[str, Any]:
    return fact if isinstance(fact, Mapping) else {}


def _change(change: Mapping[str, Any]) -> str:
    """Why slurmctld was restarted or reconfigured, '' when it was not."""
    if change.get("kind") in (None, "nothing"):
        return ""
    return f"slurmctld {change['kind']}: {'; '.join(change['why'])}"


def _proof(verified: Mapping[str, Any], blades: Mapping[str, str]) -> str:
    """What verification showed, '' when it did not come that far."""
    width = int(verified.get("job_width", 0))
    good = {name: one for name, one in verified.get("nodes", {}).items() if not one["problems"] and not one["notes"]}
    proved, asked = (
        [blades.get(name, name) for name, one in good.items() if one["job"] is job] for job in (True, False)
    )
    across = "both nodes" if width == 2 else f"all {width} nodes"
    over = f"one job across {across}" if width > 1 else "a job on it" if width else "a job on each"
    words = []
    if proved:
        written = _scratch_words(verified, [name for name in good if good[name]["job"]], blades)
        words.append(f"verified {folded(proved)}: registered, same release, munge both ways, {over}{written}")
    if asked:
        words.append(f"{folded(asked)}: registered, same release, slurmd answers; no job sent, nothing changed there")
    return "\n".join(words)


def _scratch_words(verified: Mapping[str, Any], proved: list[str], blades: Mapping[str, str]) -> str:
    """What jobs showed of scratch; on some nodes it may not be there yet."""
    has = set(verified.get("scratch", ())) & set(proved)
    if not has:
        return ""
    where = folded(blades.get(name, name) for name in has)
    return ", scratch writable" if has == set(proved) else f", scratch writable on {where}"
