"""What a run itself takes from the facts of a blade, whatever roles it runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.answer import fits

# What is kept of one fact of a blade: nobody asks for the texts of its files after the run.
_LARGEST_KEPT = 2**10
# What a run goes by afterwards, whatever its size; its shape limits it.
_KEPT = frozenset({"host_keys"})


def without_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a task set, and of those of a blade only what is short."""
    if "blade" not in facts:
        return dict(facts)
    blade = facts["blade"] if isinstance(facts["blade"], Mapping) else {}
    kept = {name: fact for name, fact in blade.items() if name in _KEPT or fits(fact, _LARGEST_KEPT)}
    return {**facts, "blade": kept}


def turned_away(facts: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the controller says when another run works on the cluster, and the next step. Nothing was touched then."""
    lock = (facts.get("blade") or {}).get("lock") or {}
    return (lock["busy"], lock["next"]) if "busy" in lock else None
