"""The health check of the nodes in slurm.conf. Pure."""

from __future__ import annotations

from typing import Any

PROGRAM = "/usr/local/sbin/slurm-health"
"""What role `health` puts there. A node that does not have it yet logs that, and works."""
INTERVAL = 300
"""Seconds between two checks of a node; slurmd also checks once before it registers."""


def health_settings(wanted: bool) -> dict[str, Any]:
    """Our keys of slurm.conf; none where the plan wants no health check."""
    if not wanted:
        return {}
    return {
        "HealthCheckProgram": PROGRAM,
        "HealthCheckInterval": INTERVAL,
        # Nodes with jobs and drained ones, too: a drain of ours ends. One after the other, and not all at once.
        "HealthCheckNodeState": "ANY,CYCLE",
    }
