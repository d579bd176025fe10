"""How slurmctld works, from sdiag."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .samples import Samples, number

COMMAND = ("sdiag",)
# Words before the colon, in the part of sdiag that they stand in. Microseconds where it is a time.
_MAIN = {
    "Server thread count": "threads",
    "Agent queue size": "queue_size",
    "DBD Agent queue size": "dbd_queue_size",
    "Jobs submitted": "jobs_submitted",
    "Jobs started": "jobs_started",
    "Jobs completed": "jobs_completed",
    "Jobs canceled": "jobs_canceled",
    "Jobs failed": "jobs_failed",
    "Last cycle": "last_cycle",
    "Mean cycle": "mean_cycle",
    "Cycles per minute": "cycle_per_minute",
}
_BACKFILL = {
    "Total backfilled jobs (since last slurm start)": "backfilled_jobs_since_start_total",
    "Total backfilled jobs (since last stats cycle start)": "backfilled_jobs_since_cycle_total",
    "Total backfilled heterogeneous job components": "backfilled_heterogeneous_total",
    "Last cycle": "backfill_last_cycle",
    "Mean cycle": "backfill_mean_cycle",
    "Depth Mean": "backfill_depth_mean",
}
_RPC = re.compile(r"\s*(\S+)\s+\(\s*\d+\)\s+count:(\d+)\s+ave_time:(\d+)\s+total_time:(\d+)")


def scheduler_samples(lines: Iterable[str], samples: Samples) -> None:
    """The figures of slurmctld."""
    part, names = "", _MAIN
    for line in lines:
        if line.startswith("Backfilling stats"):
            names = _BACKFILL
        elif line.startswith("Remote Procedure Call statistics by message type"):
            part = "operation"
        elif line.startswith("Remote Procedure Call statistics by user"):
            part = "user"
        elif line and not line[0].isspace() and part:
            # What is still to be sent stands behind them.
            part = part if line.startswith("Remote") else ""
        if part and (found := _RPC.match(line)):
            _rpc(samples, part, found[1], [float(word) for word in found.groups()[1:]])
            continue
        words, colon, value = line.partition(":")
        name = names.get(words.strip()) or (_MAIN.get(words.strip()) if words[:1].strip() else None)
        if colon and name and not part:
            samples.put(f"scheduler_{name}", number(value))


def _rpc(samples: Samples, part: str, name: str, figures: list[float]) -> None:
    prefix = "user_rpc_stats" if part == "user" else "rpc_stats"
    for end, figure in zip(("", "_avg_time", "_total_time"), figures):
        samples.put(f"{prefix}{end}", figure, **{part: name})
