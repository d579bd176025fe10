"""In which order slurmctld starts jobs, how it fills gaps, and what becomes of a job whose node fails. Pure.

A priority is a sum of factors between 0 and 1, each times its weight. The weights follow two rules: an urgent QOS, the
word of an admin, counts for more than everything else together; and what a user has used for more than how long a job
waits and how large it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from provisioner.slurm.change import Release
from provisioner.slurm.times import minutes

Keys = dict[str, str | int]

FACTORS: Mapping[str, str | int] = {
    # An urgent QOS beats everything else together: 200000 > 50000 + 100000 + 30000 + 10000.
    "PriorityWeightQOS": 200000,
    # PriorityJobFactor of a partition: half of what lies between who used most and who used nothing.
    "PriorityWeightPartition": 50000,
    # A week of waiting is worth a third of that distance, so that a job of somebody who used much starts at last.
    "PriorityWeightAge": 30000,
    # Large jobs get a little: backfill favours small ones anyway.
    "PriorityWeightJobSize": 10000,
    "PriorityFavorSmall": "NO",
    # What was used a week ago counts half, and age counts up to a week.
    "PriorityDecayHalfLife": "7-0",
    "PriorityMaxAge": "7-0",
    # Minutes. As long as limits are not enforced Slurm counts what jobs use at this beat only, and a shorter job costs
    # nothing.
    "PriorityCalcPeriod": 1,
}
FAIR_SHARE = 100000

LARGE = 256
"""Nodes from which on a look at the whole queue may keep slurmctld from answering."""
# Minutes; slurmctld takes no window above thirty days.
_DAY, _LONGEST = 1440, 43200
# The first release that reads MaxBatchRequeue; before it is a constant, 5.
_REQUEUE_LIMIT: Release = (23, 2)


def priority_settings(accounting: bool, accounts: bool) -> Keys:
    """Who is next: the oldest job without accounting, else a sum of factors.

    Args:
        accounting: whether slurmdbd remembers who used what.
        accounts: whether users have accounts there; slurmctld logs an error for each other job that it looks up a
            share for.
    """
    if not accounting:
        return {"PriorityType": "priority/basic"}
    share: Keys = {"PriorityWeightFairshare": FAIR_SHARE} if accounts else {}
    return {"PriorityType": "priority/multifactor", **FACTORS, **share}


def backfill_settings(nodes: int, limits: Iterable[str]) -> Keys:
    """How far and how finely backfill looks ahead: over the longest job, and coarser where that is long.

    Args:
        nodes: how many there are.
        limits: MaxTime of the partitions, as slurm.conf has it.
    """
    # Without a limit a job lasts for ever.
    window = max(ceil(min(max(map(minutes, limits), default=_DAY), _LONGEST)), _DAY)
    resolution = 60 if window <= _DAY else 300 if window <= 7 * _DAY else 600
    words = [
        # Goes on where it was after it has let others work; without it the end of a long queue is never looked at.
        "bf_continue",
        f"bf_window={window}",
        f"bf_resolution={max(resolution, 600) if nodes >= LARGE else resolution}",
        "bf_max_job_test=1000",
        # One person with thousands of jobs does not keep the gaps from everybody else.
        "bf_max_job_user=100",
    ]
    if nodes >= LARGE:
        # Lets others work each second, rests for longer, and stops while many of them wait.
        words += ["bf_interval=60", "bf_yield_interval=1000000", "sched_min_interval=1000000", "max_rpc_cnt=150"]
    return {"SchedulerParameters": ",".join(words)}


def requeue_settings(release: Release) -> Keys:
    """A batch job whose node fails waits again, unless it says --no-requeue.

    One that a node cannot launch is tried a second time and then held, where the release has a limit to set. No release
    limits how often a job starts anew after its node failed.
    """
    limit: Keys = {"MaxBatchRequeue": 2} if release >= _REQUEUE_LIMIT else {}
    return {"JobRequeue": 1, **limit}
