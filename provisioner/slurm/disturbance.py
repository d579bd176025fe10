"""Which changes of a node a scheduled run leaves for later because jobs run there. Pure.

Jobs survive every change that a run makes; this is about what they may notice all the same: a daemon that does not
answer for a moment, a library that is another one in the middle of a program, a folder that goes. Whatever is not known
to be harmless waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provisioner.state.pending import Pending
from provisioner.state.units import MASKED

# They serve others than the jobs of their node, or only add to it. A user who is missing on one node fails jobs there.
_BESIDE = frozenset(
    {"users", "health", "hostcert", "jwt", "mariadb", "metrics", "slurm_metrics", "slurmctld", "slurmdbd", "slurmrestd"}
)
# What jobs on the node live by: a daemon that is down is started, a file that no daemon reads is put in place.
_BELOW = frozenset({"base", "munge", "slurmd"})
_NEVER = frozenset({"accounts", "packages", "strays", "trials", "scratch"})
_FILES = frozenset({"folders", "links", "files", "secrets"})
_RESTART = "restart: "
_STARTS = ("stopped -> running", "failed -> running", "absent -> running", "activating -> running")


def kept_and_left(pending: Pending) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The differences of a node with jobs that are mended now, and those that wait until it has none.

    A role of which a daemon would be restarted waits with its files as well, since the restart follows from them.

    Args:
        pending: all differences of the node.
    """
    each_of = list(pending)
    restarts = {each["role"] for each in each_of if each["role"] in _BELOW and _RESTART in str(each["line"])}
    kept = [each for each in each_of if _is_harmless(each, restarts)]
    return kept, [each for each in each_of if each not in kept]


def _is_harmless(each: Mapping[str, Any], restarts: Iterable[str]) -> bool:
    role, kind, line = each["role"], each["kind"], str(each["line"])
    if kind in _NEVER:
        return False
    if role in _BESIDE:
        return True
    if role not in _BELOW:
        return False
    if kind == "units":
        return _RESTART not in line and (_only_starts(line) or (line.endswith(MASKED) and "running" not in line))
    return kind in _FILES and role not in restarts and not each["own"]


def _only_starts(line: str) -> bool:
    """Whether nothing but the start of a unit, now or at the next boot, is told."""
    parts = line.partition(": ")[2].split(", ")
    return all(part in _STARTS or part.endswith("enabled") for part in parts)


def busy_jobs(asked: Mapping[str, Any], own: Mapping[str, Any], name: str, slurmd_runs: bool) -> list[str]:
    """The jobs on a node.

    What slurmctld says of a node counts as long as anything of Slurm is alive there: a blade that was reimaged has none
    of the jobs that slurmctld still waits for.

    Args:
        asked: what the controller answered (`slurm_running`): `jobs` by node.
        own: what the node found among its own processes: `jobs`.
        slurmd_runs: whether its slurmd does.
    """
    there = [str(job) for job in own.get("own") or []]
    jobs = asked.get("jobs")
    said = [str(job) for job in jobs.get(name) or []] if isinstance(jobs, Mapping) else []
    return list(dict.fromkeys([*said, *there])) if there or slurmd_runs else []


def reason(jobs: Sequence[str]) -> str:
    """Why something waits: `jobs 17, 23 run on it`."""
    shown = ", ".join(jobs[:8]) + (f" and {len(jobs) - 8} more" if len(jobs) > 8 else "")
    return f"job {shown} runs on it" if len(jobs) == 1 else f"jobs {shown} run on it"


def held(pending: Pending, before: Pending, jobs: Sequence[str]) -> dict[str, Any]:
    """What a scheduled run makes of a node: `{"pending", "before", "left" (lines), "because"}`.

    Args:
        pending: its differences now.
        before: all that this run has found.
        jobs: numbers of the jobs on it; without one nothing waits.
    """
    if not jobs:
        return {"pending": list(pending), "before": list(before), "left": [], "because": ""}
    kept, left = kept_and_left(pending)
    return {
        "pending": kept,
        "before": kept_and_left(before)[0],
        "left": [str(each["line"]) for each in left],
        "because": reason(jobs) if left else "",
    }
