"""How the installations stood that a run found, from what its tasks returned. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.announced import FACTS_TASK
from provisioner.run.events import BladeState
from provisioner.slurm.installation import Standing, Verdict

TASK = "Choose the nodes that are to be stopped, or have work"
"""It names each node that is not in sync, with what it is instead; where all are it has no result."""
LATER = "Tell the controller which nodes to verify"
"""What a run comes to after that."""


def standings(results: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """`{"standing", "why"}` by inventory name; of no node that was not looked at.

    Args:
        results: what tasks returned, by inventory name.
    """
    chosen = next((its[TASK] for its in results.values() if TASK in its), None)
    if chosen is None and any(LATER in its for its in results.values()):
        chosen = {"results": []}
    items = chosen.get("results") if isinstance(chosen, Mapping) else None
    if not isinstance(items, list):
        return {}
    found = {name: Verdict(Standing.IN_SYNC).as_dict() for name, its in results.items() if FACTS_TASK in its}
    for item in items:
        said = item.get("item") if isinstance(item, Mapping) else None
        if isinstance(said, Mapping) and isinstance(said.get("installation"), Mapping):
            found[str(said.get("name"))] = {key: str(said["installation"].get(key, "")) for key in ("standing", "why")}
    return found


def is_another_machine(blade: BladeState | None) -> bool:
    """Whether a run has refused what stands in the place of a blade: it is none that this blade became by imaging."""
    others = (Standing.OTHER_HARDWARE, Standing.FOREIGN, Standing.DUPLICATE)
    return blade is not None and blade.failure is not None and blade.installation.get("standing") in others
