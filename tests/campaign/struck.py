"""A command on a terminal that a fault strikes at a moment of chance, and the world put right after it."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from random import Random

from tests.campaign.case import Tally
from tests.campaign.cluster import Cluster
from tests.campaign.disturbances import Act
from tests.campaign.faults import FAULTS, Fault
from tests.campaign.terminal import Terminal
from tests.cluster.waiting import until

# The longest run that is no hang: a frozen controller costs timeouts of ssh, of Ansible and of the verification.
LONGEST = 420
# Moments of the fault, in seconds after the start: soon, or later in runs that have much to do.
MOMENTS = (6.0, 15.0, 45.0)
# What mends the world after it, and where.
Mends = list[tuple[Act, str]]


def some_blade(cluster: Cluster, random: Random, on_controller: bool) -> str:
    """The controller, or one of those that the runs name."""
    return cluster.lab.controller if on_controller else random.choice(cluster.targets)


def strike(
    cluster: Cluster,
    random: Random,
    run: Terminal,
    told: list[str],
    moments: tuple[float, ...] = MOMENTS,
    names: Sequence[str] = tuple(FAULTS),
) -> Mends:
    """One of these faults at a moment of chance; what was done is added to `told`."""
    name = random.choice(names)
    fault: Fault = FAULTS[name]
    blade = some_blade(cluster, random, fault.on_controller)
    moment = random.uniform(0.3, random.choice(moments))
    over = until(lambda: run.process.poll() is not None, moment)
    told.append(f"{name} ({blade}) after {moment:.1f} s{', when it was over' if over else ''}")
    fault.strike(cluster, blade, run)
    return [(fault.mend, blade)] if fault.mend else []


def mend(cluster: Cluster, mends: Mends, told: list[str]) -> None:
    """Puts the world right; what cannot be is told."""
    for act, blade in mends:
        try:
            act(cluster, blade)
        except AssertionError as error:
            told.append(f"not put right on {blade}: {str(error)[:200]}")


def see_end(run: Terminal, broken: list[str]) -> None:
    """Waits for its end, and ends what has none; what it broke by that is added to `broken`."""
    if not until(lambda: run.process.poll() is not None, LONGEST):
        broken.append("a run does not end")
        run.stop(signal.SIGKILL)


def count_round(tally: Tally, broken: list[str], seconds: float) -> bool:
    """Counts a round of a run that was struck and two more; whether the first of these mended everything."""
    tally["seconds of the longest round"] = max(tally["seconds of the longest round"], round(seconds))
    mended = "one run does not mend it" not in broken
    tally["converged in one run"] += mended
    tally["0 changes after it"] += mended and "the run after it changes something" not in broken
    return mended


def plain(text: str) -> str:
    """What a terminal got, without its commands."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
