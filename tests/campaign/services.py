"""Services of chance in the plan, which the run that is struck brings about or takes away."""

from __future__ import annotations

from random import Random
from typing import Any

# The blades are asked from their own network, which every firewall leaves open.
ALL: dict[str, Any] = {
    "metrics": True,
    "rest": True,
    "firewall": {"ssh": ["192.0.2.0/24"]},
    "compute_ssh": "jobs",
}
_SERVICES: dict[str, Any] = {**ALL, "health": False}


def services(random: Random) -> dict[str, Any]:
    """Keys of the plan besides what it always says: none of them, some, or all."""
    return {key: _SERVICES[key] for key in random.sample(list(_SERVICES), random.choice((0, 1, 2, len(_SERVICES))))}
